// What admission means for a call: a place that it holds, and gives back however it ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>

#include "admission/admission.h"
#include "base/status.h"
#include "fakes/fake_model.h"
#include "fakes/puppet_pool.h"
#include "fakes/tensors.h"
#include "fakes/test_call.h"
#include "inference/model_queue.h"
#include "pipeline/predictor.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

// A model that takes 500 ms a row; a call has a second, of which a critical one may wait for 359
// ms.
class PredictorAdmissionTest : public ::testing::Test {
 protected:
  PredictorAdmissionTest() {
    version_ = MakeVersion("echo", 1, EchoModel());
    version_->queue = std::make_shared<ModelQueue>(version_->config, 1, ModelQueue::Options());
    for (int rows = 1; rows <= 20; ++rows) {
      version_->queue->cost().Learn(rows, rows * milliseconds(500));
    }
    registry_.Publish(version_);
    predictor_.emplace(registry_, &admission_, pool_, nullptr, nullptr, call_.clock,
                       Predictor::Options());
    prediction_ = NewPrediction();
  }

  static std::unique_ptr<Prediction> NewPrediction() {
    auto prediction = std::make_unique<Prediction>();
    prediction->request.model = "echo";
    prediction->request.bytes = 16;
    prediction->request.inputs.push_back(
        {"x", MakeTensor<float>(DataType::kFp32, {1, 4}, {1, 2, 3, 4})});
    return prediction;
  }

  AdmissionControl::Numbers admitted() const { return admission_.Read(); }

  ModelRegistry registry_;
  AdmissionControl admission_{{}};
  PuppetPool pool_{PuppetPool::Mode::kWhenTold};
  std::shared_ptr<ModelVersion> version_;
  TestCall call_;
  std::optional<Predictor> predictor_;
  std::unique_ptr<Prediction> prediction_;
};

TEST_F(PredictorAdmissionTest, ACallHoldsItsWorkUntilItIsComputedAndItsPlaceUntilItHasGone) {
  Started<absl::Status> run(predictor_->Predict(call_.context, *prediction_));
  EXPECT_EQ(admitted().calls, 1);
  EXPECT_EQ(admitted().bytes, 16);
  EXPECT_GT(admitted().work, Duration::zero());
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.result->ok());
  EXPECT_EQ(admitted().work, Duration::zero());
  EXPECT_EQ(admitted().calls, 1) << "its answer is still in memory";
  prediction_.reset();
  EXPECT_EQ(admitted().calls, 0);
  EXPECT_EQ(admitted().bytes, 0);
}

TEST_F(PredictorAdmissionTest, ACallThatCannotBeServedInTimeIsRefusedBeforeItIsQueued) {
  Started<absl::Status> first(predictor_->Predict(call_.context, *prediction_));
  const auto late = NewPrediction();
  Started<absl::Status> refused(predictor_->Predict(call_.context, *late));
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(OverloadOf(*refused.result)->reason, "WOULD_WAIT_TOO_LONG");
  EXPECT_EQ(OverloadOf(*refused.result)->predicted_wait, milliseconds(500));
  EXPECT_EQ(pool_.waiting(), 1u);
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  Started<absl::Status> again(predictor_->Predict(call_.context, *late));
  EXPECT_FALSE(again.done()) << "there is room again";
  pool_.RunOne();
  call_.loop.RunUntilIdle();
}

TEST_F(PredictorAdmissionTest, AnExpiredCallGivesItsPlaceBack) {
  Started<absl::Status> run(predictor_->Predict(call_.context, *prediction_));
  call_.loop.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(admitted().calls, 0);
  EXPECT_EQ(admitted().work, Duration::zero());
}

TEST_F(PredictorAdmissionTest, ACancelledCallGivesItsPlaceBack) {
  Started<absl::Status> run(predictor_->Predict(call_.context, *prediction_));
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(admitted().calls, 0);
  EXPECT_EQ(admitted().work, Duration::zero());
}

TEST_F(PredictorAdmissionTest, TheClassGoesWithTheJob) {
  prediction_->request.criticality = Criticality::kSheddable;
  Started<absl::Status> run(predictor_->Predict(call_.context, *prediction_));
  EXPECT_EQ(pool_.newest()->urgency.criticality, Criticality::kSheddable);
  EXPECT_EQ(admitted().classes[IndexOf(Criticality::kSheddable)].admitted, 1);
  pool_.RunOne();
  call_.loop.RunUntilIdle();
}

TEST_F(PredictorAdmissionTest, RequestsThatAreInvalidAreNotOffered) {
  prediction_->request.inputs.clear();
  Started<absl::Status> run(predictor_->Predict(call_.context, *prediction_));
  ASSERT_TRUE(run.done());
  EXPECT_EQ(admitted().classes[IndexOf(Criticality::kCritical)].offered, 0);
}

}  // namespace
}  // namespace tournant
