#include "pipeline/blocking_predictor.h"

#include <utility>

#include "base/run_on_loop.h"
#include "pipeline/call_end.h"

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

BlockingPredictor::BlockingPredictor(Predictor& predictor, const Clock& clock, CallLimits limits,
                                     const std::vector<CallHome>& homes)
    : predictor_(predictor), clock_(clock), limits_(limits) {
  for (const CallHome& home : homes) homes_.emplace_back().home = home;
}

absl::StatusOr<InferAnswer> BlockingPredictor::Predict(InferRequest request,
                                                       std::optional<Duration> time_left) {
  std::optional<std::chrono::microseconds> timeout;
  if (request.timeout_us > 0) timeout.emplace(request.timeout_us);
  const Duration time = TimeOfCall(limits_, time_left, timeout);
  Home* home = nullptr;
  {
    MutexLock lock(mutex_);
    if (stopping_) return absl::UnavailableError("the server is shutting down");
    ++calls_;
    home = &homes_[next_home_++ % homes_.size()];
  }
  Waiting waiting;
  Serve(*home, std::move(request), time, waiting);
  MutexLock lock(mutex_);
  while (!waiting.done) changed_.Wait(mutex_);
  if (!waiting.status.ok()) return waiting.status;
  return std::move(waiting.answer);
}

Detached BlockingPredictor::Serve(Home& home, InferRequest request, Duration time,
                                  Waiting& waiting) {
  const Leaving leaving(*this);
  co_await SwitchTo(*home.home.loop);
  CallMetrics& metrics = *home.home.metrics;
  CallPhase phase(clock_, &metrics);
  const CallContext call{*home.home.loop, clock_, phase.accepted_at() + time, home.stop.get_token(),
                         phase};
  Prediction prediction;
  prediction.request = std::move(request);
  const CallsInFlight::Member in_flight(*home.home.in_flight, phase, prediction);
  const absl::Status status = co_await predictor_.Predict(call, prediction);

  const Phase stage = phase.current();
  phase.Enter(Phase::kResponding);
  InferAnswer answer;
  if (status.ok()) {
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
  }
  // Counted before the caller knows, as the answer is: who asks after his answer finds it.
  phase.Enter(EndPhaseOf(status));
  if (!status.ok()) metrics.OnStopped(EndPhaseOf(status), stage);
  const bool valid = prediction.version != nullptr;
  if (valid) {
    metrics.OnPrediction(prediction.version->name, static_cast<int>(status.code()));
    if (prediction.has_features && status.ok()) metrics.OnFeatures(prediction.features);
  }
  {
    MutexLock lock(mutex_);
    waiting.status = status;
    waiting.answer = std::move(answer);
    waiting.done = true;
    changed_.SignalAll();
  }
  if (valid) predictor_.Record(std::move(prediction), status, phase);
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
