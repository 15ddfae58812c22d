#include "pipeline/blocking_predictor.h"

#include <exception>
#include <memory>
#include <utility>

#include "base/run_on_loop.h"
#include "pipeline/call_end.h"
#include "pipeline/call_report.h"
#include "telemetry/call_trace.h"

namespace tournant {

class BlockingPredictor::Leaving {
 public:
  explicit Leaving(BlockingPredictor& owner) : owner_(owner) {}
  ~Leaving() {
    MutexLock lock(owner_.mutex_);
    --owner_.calls_;
    owner_.changed_.SignalAll();
  }
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;

 private:
  BlockingPredictor& owner_;
};

class BlockingPredictor::Encoding {
 public:
  Encoding(BlockingPredictor& owner, Waiting& waiting) : owner_(owner), waiting_(waiting) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> call) const {
    MutexLock lock(owner_.mutex_);
    waiting_.encoding = call;
    owner_.changed_.SignalAll();
  }
  absl::Status await_resume() const { return std::move(waiting_.status); }

 private:
  BlockingPredictor& owner_;
  Waiting& waiting_;
};

BlockingPredictor::BlockingPredictor(Predictor& predictor, const Clock& clock, Options options,
                                     const std::vector<CallHome>& homes)
    : predictor_(predictor), clock_(clock), options_(std::move(options)) {
  for (const CallHome& home : homes) homes_.emplace_back().home = home;
}

std::coroutine_handle<> BlockingPredictor::WaitForEncodingOrEnd(Waiting& waiting) {
  MutexLock lock(mutex_);
  while (!waiting.done && !waiting.encoding) changed_.Wait(mutex_);
  return std::exchange(waiting.encoding, nullptr);
}

absl::StatusOr<InferAnswer> BlockingPredictor::Predict(InferRequest request, CallArrival arrival,
                                                       const AnswerEncoder& encode) {
  Home* home = nullptr;
  {
    MutexLock lock(mutex_);
    if (stopping_) return absl::UnavailableError("the server is shutting down");
    ++calls_;
    home = &homes_[next_home_++ % homes_.size()];
  }
  Waiting waiting{.encodes = encode != nullptr};
  Serve(*home, std::move(request), std::move(arrival), waiting);
  std::exception_ptr thrown;
  if (const std::coroutine_handle<> call = WaitForEncodingOrEnd(waiting)) {
    try {
      waiting.status = encode(waiting.answer);
    } catch (...) {
      // Not before the call has ended, which uses what is on this stack.
      thrown = std::current_exception();
      waiting.status = absl::InternalError("the answer could not be encoded");
    }
    home->home.loop->Post(call);
    WaitForEncodingOrEnd(waiting);
  }
  if (thrown) std::rethrow_exception(thrown);
  if (!waiting.status.ok()) return waiting.status;
  return std::move(waiting.answer);
}

Detached BlockingPredictor::Serve(Home& home, InferRequest request, CallArrival arrival,
                                  Waiting& waiting) {
  const Leaving leaving(*this);
  co_await SwitchTo(*home.home.loop);
  CallMetrics& metrics = *home.home.metrics;
  CallPhase phase(clock_, &metrics);
  std::optional<std::chrono::microseconds> timeout;
  if (request.timeout_us > 0) timeout.emplace(request.timeout_us);
  const Duration time = TimeOfCall(options_.limits, arrival.time_left, timeout);
  const std::unique_ptr<CallTrace> trace =
      CallTrace::Start(options_.tracer, arrival.trace.context, std::move(arrival.trace.state));
  const CallContext call{
      *home.home.loop, clock_,  phase.accepted_at() + time,       home.stop.get_token(),
      phase,           nullptr, trace ? &trace->scope() : nullptr};
  Prediction prediction;
  prediction.request = std::move(request);
  if (trace != nullptr) prediction.traceparent = FormatTraceparent(trace->context());
  const CallsInFlight::Member in_flight(*home.home.in_flight, phase, prediction);
  absl::Status status = std::move(arrival.unreadable);
  if (status.ok()) {
    status = co_await predictor_.Predict(call, prediction);
  } else {
    predictor_.LearnShownId(prediction);
  }

  const Phase stage = status.ok() ? Phase::kResponding : phase.current();
  phase.Enter(Phase::kResponding);
  if (status.ok()) {
    InferAnswer& answer = waiting.answer;
    answer.model = prediction.version->name;
    answer.version = prediction.version->version;
    answer.id = prediction.request.id;
    answer.has_features = prediction.has_features;
    answer.features = prediction.features;
    if (predictor_.records() && !prediction.off_the_record) {
      answer.outputs = prediction.outputs;
    } else {
      answer.outputs = std::move(prediction.outputs);
    }
    if (waiting.encodes) status = co_await Encoding(*this, waiting);
  }
  // Counted before the caller knows, as the answer is: who asks after his answer finds it.
  const TimePoint ended = clock_.Now();
  phase.EnterAt(EndPhaseOf(status), ended);
  ReportCall({.method = options_.method,
              .http = options_.http,
              .prediction = prediction,
              .phase = phase,
              .ended = ended,
              .stage = stage,
              .status = status,
              .code = static_cast<int>(status.code()),
              .trace = trace.get()},
             metrics, *home.home.log, options_.slow_call);
  {
    MutexLock lock(mutex_);
    waiting.status = status;
    waiting.done = true;
    changed_.SignalAll();
  }
  if (prediction.version != nullptr) predictor_.Record(std::move(prediction), status, phase);
}

void BlockingPredictor::StopAccepting(Duration grace) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  stopping_ = true;
  patience_ = clock_.Now() + grace;
}

void BlockingPredictor::End() {
  StopAccepting(Duration::zero());
  {
    MutexLock lock(mutex_);
    for (Duration left; calls_ > 0 && (left = patience_ - clock_.Now()) > Duration::zero();) {
      changed_.WaitFor(mutex_, left);
    }
    if (calls_ == 0) return;
    // The tokens' callbacks belong to the calls, and so to their loops. Each of these is a frame
    // like a call's, so that it has run when none is left.
    calls_ += static_cast<int64_t>(homes_.size());
  }
  for (Home& home : homes_) {
    RunOnLoop(*home.home.loop, [this, &home] {
      const Leaving leaving(*this);
      home.stop.request_stop();
    });
  }
  MutexLock lock(mutex_);
  while (calls_ > 0) changed_.Wait(mutex_);
}

}  // namespace tournant
