#include "pipeline/blocking_predictor.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include "fakes/fake_model.h"
#include "fakes/kept_spans.h"
#include "fakes/loop_thread.h"
#include "fakes/puppet_pool.h"

namespace tournant {
namespace {

class CountedRecords final : public PredictionSink {
 public:
  void Record(PredictionRecord record) override {
    MutexLock lock(mutex_);
    last_ = std::move(record);
    ++count_;
    changed_.SignalAll();
  }
  // Blocks until there are so many, and takes the last one.
  PredictionRecord Wait(int count) {
    MutexLock lock(mutex_);
    while (count_ < count) changed_.Wait(mutex_);
    return std::move(last_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  PredictionRecord last_ ABSL_GUARDED_BY(mutex_);
};

class BlockingPredictorTest : public testing::Test {
 protected:
  explicit BlockingPredictorTest(PuppetPool::Mode mode = PuppetPool::Mode::kAtOnce) : pool_(mode) {
    registry_.Publish(MakeVersion("echo", 2, EchoModel()));
  }

  static InferRequest Request(const std::string& model = "echo") {
    InferRequest request;
    request.model = model;
    request.id = "id-1";
    request.peer = [] { return "10.0.0.1"; };
    request.inputs.push_back({"x", {DataType::kFp32, {1, 4}, std::string(16, '\1')}});
    return request;
  }

  ManualClock clock_;
  LoopThread thread_{clock_};
  ModelRegistry registry_;
  PuppetPool pool_;
  CountedRecords records_;
  Predictor predictor_{registry_, nullptr, pool_, nullptr, &records_, clock_, {}};
  CallMetrics metrics_{{}};
  CallsInFlight in_flight_;
  CallLog log_;
  KeptSpans spans_;
  Tracer tracer_{spans_, clock_, {.sampling = 0, .seed = 5}};
  BlockingPredictor blocking_{predictor_,
                              clock_,
                              {.slow_call = std::chrono::seconds(1),
                               .tracer = &tracer_,
                               .method = "POST /v2/models/{model}/infer",
                               .http = true},
                              {{&thread_.loop(), &metrics_, &in_flight_, &log_}}};
};

class SlowPoolTest : public BlockingPredictorTest {
 protected:
  SlowPoolTest() : BlockingPredictorTest(PuppetPool::Mode::kWhenTold) {}

  // Starts a call on a thread, and returns when it waits for the pool.
  Thread Start(absl::StatusOr<InferAnswer>& answer, std::optional<Duration> time = std::nullopt) {
    const size_t before = pool_.waiting();
    Thread caller("caller", [this, &answer, time] {
      answer = blocking_.Predict(Request(), {.time_left = time});
    });
    pool_.WaitForJobs(before + 1);
    return caller;
  }
};

TEST_F(BlockingPredictorTest, GivesItsCallerTheAnswer) {
  const absl::StatusOr<InferAnswer> answer = blocking_.Predict(Request(), {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->model, "echo");
  EXPECT_EQ(answer->version, 2);
  EXPECT_EQ(answer->id, "id-1");
  ASSERT_EQ(answer->outputs.size(), 1u);
  EXPECT_EQ(answer->outputs[0].name, "y");
  EXPECT_EQ(answer->outputs[0].tensor.bytes, std::string(16, '\1'));
}

TEST_F(BlockingPredictorTest, CountsAndRecordsAsForEveryCall) {
  ASSERT_TRUE(blocking_.Predict(Request(), {}).ok());
  EXPECT_EQ(metrics_.in_phase(Phase::kDone), 1);
  const PredictionRecord record = records_.Wait(1);
  EXPECT_EQ(record.model, "echo");
  EXPECT_EQ(record.request_id, "id-1");
  EXPECT_EQ(record.inputs.size(), 1u);
  EXPECT_EQ(record.outputs.size(), 1u);
}

TEST_F(BlockingPredictorTest, GivesItsCallerTheError) {
  const auto answer = blocking_.Predict(Request("nobody"), {});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(metrics_.in_phase(Phase::kFailed), 1);
  EXPECT_EQ(metrics_.stopped(Phase::kFailed, Phase::kValidating), 1);
}

TEST_F(BlockingPredictorTest, LetsARequestThatCannotBeReadFailAsACall) {
  const auto answer =
      blocking_.Predict(Request(), {.unreadable = absl::InvalidArgumentError("no JSON")});
  EXPECT_EQ(answer.status().message(), "no JSON");
  EXPECT_EQ(metrics_.in_phase(Phase::kFailed), 1);
  EXPECT_EQ(metrics_.stopped(Phase::kFailed, Phase::kAccepted), 1);
}

TEST_F(BlockingPredictorTest, LetsTheCallersThreadEncodeTheAnswerAsPartOfTheCall) {
  std::thread::id encoder;
  const auto encode = [&](const InferAnswer& answer) {
    encoder = std::this_thread::get_id();
    EXPECT_EQ(answer.id, "id-1");
    EXPECT_EQ(metrics_.in_phase(Phase::kResponding), 1);
    return absl::OkStatus();
  };
  const auto answer = blocking_.Predict(Request(), {}, encode);
  EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(encoder, std::this_thread::get_id());
  EXPECT_EQ(metrics_.in_phase(Phase::kDone), 1);
}

TEST_F(BlockingPredictorTest, EndsACallWithTheErrorOfItsEncoder) {
  const auto encode = [](const InferAnswer&) { return absl::ResourceExhaustedError("too large"); };
  const auto answer = blocking_.Predict(Request(), {}, encode);
  EXPECT_EQ(answer.status().message(), "too large");
  EXPECT_EQ(metrics_.in_phase(Phase::kDone), 0);
  EXPECT_EQ(metrics_.stopped(Phase::kRejected, Phase::kResponding), 1);
  const PredictionRecord record = records_.Wait(1);
  EXPECT_EQ(record.status_message, "too large");
  EXPECT_EQ(record.outputs.size(), 1u);
}

TEST_F(BlockingPredictorTest, EndsACallWhoseEncoderThrowsAndThrowsThat) {
  const auto encode = [](const InferAnswer&) -> absl::Status { throw std::bad_alloc(); };
  EXPECT_THROW(blocking_.Predict(Request(), {}, encode).IgnoreError(), std::bad_alloc);
  EXPECT_EQ(metrics_.stopped(Phase::kFailed, Phase::kResponding), 1);
}

TEST_F(BlockingPredictorTest, EncodesNoErrors) {
  const auto encode = [](const InferAnswer&) -> absl::Status { throw std::bad_alloc(); };
  EXPECT_EQ(blocking_.Predict(Request("nobody"), {}, encode).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(BlockingPredictorTest, MakesTheCallASpanOfItsCallersTrace) {
  constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const CallerTrace caller = ReadCallerTrace({kSampled}, {"a=1"});
  ASSERT_TRUE(blocking_.Predict(Request(), {.trace = caller}).ok());
  const Span call = spans_.WaitFor("POST /v2/models/{model}/infer");
  EXPECT_EQ(HexText(call.parent), "00f067aa0ba902b7");
  EXPECT_EQ(call.state, "a=1");
  EXPECT_EQ(AttributeOf(call, "http.request.method"), "POST");
  EXPECT_EQ(AttributeOf(call, "http.route"), "/v2/models/{model}/infer");
  EXPECT_EQ(AttributeOf(call, "request_id"), "id-1");
  EXPECT_EQ(AttributeOf(call, "model_name"), "echo");
  EXPECT_FALSE(call.failed);
  EXPECT_EQ(spans_.WaitFor("compute").parent, call.context.span_id);
  EXPECT_EQ(records_.Wait(1).traceparent, FormatTraceparent(call.context));
}

TEST_F(BlockingPredictorTest, SaysInTheLogWhichCallFailed) {
  testing::internal::CaptureStderr();
  EXPECT_FALSE(blocking_
                   .Predict(Request("nobody"),
                            {.trace = ReadCallerTrace({"00-4bf92f3577b34da6a3ce929d0e0e4736-"
                                                       "00f067aa0ba902b7-00"},
                                                      {})})
                   .ok());
  const auto line = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["message"], "a call failed");
  EXPECT_EQ(line["method"], "POST /v2/models/{model}/infer");
  EXPECT_EQ(line["model"], "nobody");
  EXPECT_EQ(line["request_id"], "id-1");
  EXPECT_EQ(line["peer"], "10.0.0.1");
  EXPECT_EQ(line["code"], "NOT_FOUND");
  EXPECT_EQ(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(SlowPoolTest, SaysInTheLogWhichCallWasSlow) {
  testing::internal::CaptureStderr();
  absl::StatusOr<InferAnswer> answer;
  Thread caller = Start(answer);
  clock_.Advance(std::chrono::seconds(1));
  pool_.RunOne();
  caller.Join();
  EXPECT_TRUE(answer.ok()) << answer.status();
  const auto line = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["message"], "a call was slow");
  EXPECT_EQ(line["ms"], 1000.0);
}

TEST_F(BlockingPredictorTest, TakesTheTimeThatTheTransportGivesOrTheParameter) {
  EXPECT_EQ(blocking_.Predict(Request(), {.time_left = Duration::zero()}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(TimeOfCall({}, std::nullopt, std::nullopt), std::chrono::seconds(5));
  EXPECT_EQ(TimeOfCall({}, std::chrono::hours(1), std::nullopt), std::chrono::seconds(30));
  EXPECT_EQ(TimeOfCall({}, std::chrono::seconds(9), std::chrono::microseconds(7)),
            std::chrono::microseconds(7));
  EXPECT_EQ(TimeOfCall({}, std::nullopt, std::chrono::seconds(9)), std::chrono::seconds(9));
}

TEST_F(SlowPoolTest, ShowsItsCallsInFlight) {
  absl::StatusOr<InferAnswer> answer;
  const Thread caller = Start(answer);
  Mutex mutex;
  CondVar changed;
  std::vector<CallsInFlight::Call> calls;
  RunOnLoop(thread_.loop(), [&] {
    MutexLock lock(mutex);
    calls = in_flight_.Oldest(5, clock_.Now());
    changed.SignalAll();
  });
  {
    MutexLock lock(mutex);
    while (calls.empty()) changed.Wait(mutex);
    EXPECT_EQ(calls[0].model, "echo");
    EXPECT_EQ(calls[0].phase, Phase::kQueued);
  }
  pool_.RunOne();
}

TEST_F(SlowPoolTest, AcceptsNoCallsOnceItIsToEnd) {
  absl::StatusOr<InferAnswer> answer;
  Thread caller = Start(answer);
  blocking_.StopAccepting(std::chrono::hours(1));
  EXPECT_EQ(blocking_.Predict(Request(), {}).status().code(), absl::StatusCode::kUnavailable);
  pool_.RunOne();
  blocking_.End();  // Does not wait for longer than the call takes.
  caller.Join();
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST_F(SlowPoolTest, CancelsTheCallsThatOutlastTheGrace) {
  absl::StatusOr<InferAnswer> first;
  absl::StatusOr<InferAnswer> second;
  Thread one = Start(first);
  Thread two = Start(second);
  blocking_.End();
  one.Join();
  two.Join();
  EXPECT_EQ(first.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(metrics_.in_phase(Phase::kCancelled), 2);
  EXPECT_EQ(metrics_.stopped(Phase::kCancelled, Phase::kQueued), 2);
}

}  // namespace
}  // namespace tournant
