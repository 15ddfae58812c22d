#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "fakes/fake_model.h"
#include "fakes/puppet_pool.h"
#include "fakes/test_call.h"
#include "inference/model_queue.h"
#include "pipeline/predictor.h"

// What a call tells the queue about itself, and what is counted of it when it ends.

namespace tournant {
namespace {

using std::chrono::milliseconds;

class PredictorSchedulingTest : public ::testing::Test {
 protected:
  void Publish(int64_t priority_levels) {
    version_ = MakeVersion("echo", 1, EchoModel());
    version_->config.batching.priority_levels = priority_levels;
    version_->config.batching.default_priority_level = priority_levels;
    version_->queue = std::make_shared<ModelQueue>(version_->config, 1, ModelQueue::Options());
    registry_.Publish(version_);
    prediction_.request.model = "echo";
    SetRows(1);
  }
  void SetRows(int64_t rows) {
    prediction_.request.inputs = {
        {"x", {DataType::kFp32, {rows, 4}, std::string(static_cast<size_t>(rows) * 16, '\0')}}};
  }
  // A call that waits for `pool`, or has ended.
  Started<absl::Status>& Start(PuppetPool& pool) {
    predictor_.emplace(registry_, nullptr, pool, nullptr, nullptr, call_.clock,
                       Predictor::Options());
    return run_.emplace(predictor_->Predict(call_.context, prediction_));
  }
  absl::Status Predict(PuppetPool::Mode mode = PuppetPool::Mode::kAtOnce) {
    PuppetPool pool(mode);
    Started<absl::Status>& run = Start(pool);
    call_.loop.RunUntilIdle();
    return run.done() ? *run.result : absl::UnknownError("it does not end");
  }
  VersionStatistics::Totals Totals() { return version_->queue->statistics().Read(); }
  int64_t Failures(CallFailure reason) { return Totals().failures[static_cast<size_t>(reason)]; }

  ModelRegistry registry_;
  TestCall call_;
  Prediction prediction_;
  std::shared_ptr<ModelVersion> version_;
  std::optional<Predictor> predictor_;
  std::optional<Started<absl::Status>> run_;
};

TEST_F(PredictorSchedulingTest, TellsTheQueueTheLevelTheTimeoutAndTheArrivalOfACall) {
  Publish(3);
  prediction_.request.priority = 2;
  prediction_.request.timeout_us = 7000;
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  const TimePoint accepted = call_.clock.Now();
  call_.clock.Advance(milliseconds(3));
  const Started<absl::Status>& run = Start(pool);
  const std::shared_ptr<InferenceJob> job = pool.newest();
  EXPECT_EQ(job->priority, 2);
  EXPECT_EQ(job->timeout, milliseconds(7));
  EXPECT_EQ(job->accepted, accepted);
  EXPECT_EQ(job->deadline, call_.context.deadline);
  pool.RunOne();
  call_.loop.RunUntilIdle();
  EXPECT_TRUE(run.done());
}

TEST_F(PredictorSchedulingTest, TakesEveryLevelThatTheModelHas) {
  for (const int64_t priority : {0, 1, 3}) {
    Publish(3);
    prediction_.request.priority = priority;
    EXPECT_TRUE(Predict().ok());
  }
}

TEST_F(PredictorSchedulingTest, RefusesALevelThatTheModelDoesNotHave) {
  for (const int64_t priority : {int64_t{4}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    Publish(3);
    prediction_.request.priority = priority;
    const absl::Status status = Predict();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(status), "parameters[priority]");
  }
}

TEST_F(PredictorSchedulingTest, TakesAnyPriorityForAModelWithoutLevels) {
  Publish(0);
  prediction_.request.priority = 5;
  EXPECT_TRUE(Predict().ok());
}

TEST_F(PredictorSchedulingTest, CountsACallThatExpiresAsFailed) {
  Publish(0);
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  const Started<absl::Status>& run = Start(pool);
  EXPECT_EQ(Totals().fail.count, 0);
  call_.loop.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(run.done());
  EXPECT_EQ(Totals().fail.count, 1);
  EXPECT_EQ(Totals().fail.time, std::chrono::seconds(1));
  EXPECT_EQ(Failures(CallFailure::kRejected), 1);
  EXPECT_EQ(Totals().success.count, 0);
}

TEST_F(PredictorSchedulingTest, CountsACallWhoseCallerLeavesAsFailed) {
  Publish(0);
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  const Started<absl::Status>& run = Start(pool);
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_EQ(Totals().fail.count, 1);
  EXPECT_EQ(Failures(CallFailure::kCanceled), 1);
}

TEST_F(PredictorSchedulingTest, CountsACallThatTheQueueRefusesAsFailed) {
  Publish(0);
  EXPECT_EQ(Predict(PuppetPool::Mode::kFull).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Totals().fail.count, 1);
  EXPECT_EQ(Failures(CallFailure::kRejected), 1);
}

TEST_F(PredictorSchedulingTest, CountsACallWithoutRowsAsASuccessWithNothingComputed) {
  Publish(0);
  SetRows(0);
  EXPECT_TRUE(Predict().ok());
  EXPECT_EQ(Totals().success.count, 1);
  EXPECT_EQ(Totals().computed, 0);
  EXPECT_EQ(Totals().rows, 0);
  EXPECT_EQ(Totals().executions, 0);
}

TEST_F(PredictorSchedulingTest, CountsNoInvalidRequest) {
  Publish(3);
  prediction_.request.priority = 9;
  EXPECT_FALSE(Predict().ok());
  prediction_.request.priority = 0;
  prediction_.request.inputs[0].name = "z";
  EXPECT_FALSE(Predict().ok());
  EXPECT_EQ(Totals().fail.count, 0);
}

}  // namespace
}  // namespace tournant
