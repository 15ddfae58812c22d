// What a model's mode of logging means for its calls.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "base/status.h"
#include "fakes/fake_model.h"
#include "fakes/puppet_pool.h"
#include "fakes/tensors.h"
#include "fakes/test_call.h"
#include "inference/model_queue.h"
#include "pipeline/prediction_log_step.h"
#include "pipeline/predictor.h"
#include "predictions/model_log.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

// A log that a test moves: it has so many places, and makes records durable when told.
class PuppetLog final : public PredictionSink, private LogPlaces {
 public:
  absl::StatusOr<LogPlace> Reserve(size_t bytes, bool may_come_again) override {
    asked_again = may_come_again;
    asked_bytes = bytes;
    if (held == places) return Overloaded("PREDICTION_LOG_FULL", kNever, "no place");
    ++held;
    return LogPlace(*this, bytes);
  }
  void Record(PredictionRecord record) override {
    if (record.place.taken()) GiveBack(record.place.HandOver());
    records.push_back(std::move(record));
  }
  void NoteSampledOut() override { ++sampled_out; }
  void GiveBack(size_t) override { --held; }

  int places = 1;
  int held = 0;
  int sampled_out = 0;
  bool asked_again = false;
  size_t asked_bytes = 0;
  std::vector<PredictionRecord> records;
};

class PredictorLogTest : public ::testing::Test {
 protected:
  PredictorLogTest() { Publish(LogMode::kBestEffort); }

  void Publish(LogMode mode, const std::string& sample = "1",
               std::unique_ptr<Model> model = EchoModel()) {
    auto version = MakeVersion("echo", 1, std::move(model));
    version->queue = std::make_shared<ModelQueue>(version->config, 1, ModelQueue::Options());
    version->config.parameters["prediction_log.sample"] = sample;
    version->config.parameters["prediction_log.mode"] = std::string(LogModeName(mode));
    PredictionLogStep step({.has_log = true});
    EXPECT_TRUE(step.Prepare(*version).ok());
    registry_.Publish(version);
  }
  static std::unique_ptr<Prediction> NewPrediction() {
    auto prediction = std::make_unique<Prediction>();
    prediction->request.model = "echo";
    prediction->request.id = "id";
    prediction->request.bytes = 16;
    prediction->request.inputs.push_back(
        {"x", MakeTensor<float>(DataType::kFp32, {1, 4}, {1, 2, 3, 4})});
    return prediction;
  }
  void End(Prediction& prediction, const absl::Status& status) {
    predictor_.Record(std::move(prediction), status, call_.phase);
  }
  void ExpectInputs(const absl::Status& status) {
    End(*prediction_, status);
    ASSERT_EQ(log_.records.size(), 1u);
    ASSERT_EQ(log_.records[0].inputs.size(), 1u);
    const Tensor& x = log_.records[0].inputs[0].tensor;
    EXPECT_EQ(x.shape, Shape({1, 4}));
    EXPECT_EQ(x.bytes, MakeTensor<float>(DataType::kFp32, {1, 4}, {1, 2, 3, 4}).bytes);
  }

  ModelRegistry registry_;
  PuppetPool pool_{PuppetPool::Mode::kWhenTold};
  PuppetLog log_;
  TestCall call_;
  Predictor predictor_{registry_, nullptr, pool_, nullptr, &log_, call_.clock, {}};
  std::unique_ptr<Prediction> prediction_ = NewPrediction();
};

TEST_F(PredictorLogTest, BestEffortAsksForNoPlace) {
  log_.places = 0;
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.result->ok()) << *run.result;
  End(*prediction_, *run.result);
  EXPECT_EQ(log_.records.size(), 1u);
}

TEST_F(PredictorLogTest, ACallWithoutAPlaceIsRefusedBeforeItIsQueued) {
  Publish(LogMode::kReserve);
  Started<absl::Status> first(predictor_.Predict(call_.context, *prediction_));
  const auto second = NewPrediction();
  second->request.criticality = Criticality::kSheddable;
  Started<absl::Status> refused(predictor_.Predict(call_.context, *second));
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(OverloadOf(*refused.result)->reason, "PREDICTION_LOG_FULL");
  EXPECT_FALSE(log_.asked_again) << "what can be done without should not come again";
  EXPECT_GE(log_.asked_bytes, 16u + 16u) << "the request and an output of four floats";
  EXPECT_EQ(pool_.waiting(), 1u);
  End(*second, *refused.result);
  EXPECT_TRUE(log_.records.empty()) << "it was not let in";

  pool_.RunOne();
  call_.loop.RunUntilIdle();
  End(*prediction_, *first.result);
  EXPECT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.held, 0);
  const auto third = NewPrediction();
  Started<absl::Status> admitted(predictor_.Predict(call_.context, *third));
  EXPECT_FALSE(admitted.done());
  pool_.RunOne();
  call_.loop.RunUntilIdle();
}

TEST_F(PredictorLogTest, ACallThatIsNotRecordedGivesItsPlaceBack) {
  Publish(LogMode::kReserve);
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  EXPECT_EQ(log_.held, 1);
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  prediction_.reset();
  EXPECT_EQ(log_.held, 0);
}

TEST_F(PredictorLogTest, ASyncAnswerWaitsForItsRecord) {
  Publish(LogMode::kSync);
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  EXPECT_FALSE(run.done());
  EXPECT_EQ(call_.phase.current(), Phase::kResponding);
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].request_id, "id");
  ASSERT_EQ(log_.records[0].outputs.size(), 1u);
  ASSERT_EQ(log_.records[0].inputs.size(), 1u);
  log_.records[0].wait->End(absl::OkStatus());
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_TRUE(run.result->ok());
  EXPECT_EQ(prediction_->request.id, "id") << "the answer has it, too";
  ASSERT_EQ(prediction_->outputs.size(), 1u);
  EXPECT_EQ(prediction_->outputs[0].tensor.bytes, log_.records[0].outputs[0].tensor.bytes);
  End(*prediction_, *run.result);
  EXPECT_EQ(log_.records.size(), 1u) << "recorded once";
}

TEST_F(PredictorLogTest, ASyncCallWhoseRecordIsLostFails) {
  Publish(LogMode::kSync);
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  log_.records[0].wait->End(absl::UnavailableError("the prediction could not be saved"));
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kUnavailable);
}

TEST_F(PredictorLogTest, ASyncCallIsASuccessOnceItsRecordIsDurable) {
  Publish(LogMode::kSync);
  const auto totals = [this] {
    return registry_.Find("echo", "").value()->queue->statistics().Read();
  };
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  EXPECT_EQ(totals().success.count, 0);
  log_.records[0].wait->End(absl::OkStatus());
  call_.loop.RunUntilIdle();
  EXPECT_EQ(totals().success.count, 1);
  EXPECT_EQ(totals().rows, 1);

  const auto lost = NewPrediction();
  Started<absl::Status> second(predictor_.Predict(call_.context, *lost));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  log_.records[1].wait->End(absl::UnavailableError("the prediction could not be saved"));
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(second.done());
  EXPECT_EQ(totals().success.count, 1);
  EXPECT_EQ(totals().failures[static_cast<size_t>(CallFailure::kOther)], 1);
}

TEST_F(PredictorLogTest, ACallThatTheModelFailsIsRecordedWithItsInputs) {
  Publish(LogMode::kBestEffort, "1", std::make_unique<FakeModel>([](auto) {
            return absl::InternalError("the model is broken");
          }));
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  ASSERT_EQ(run.result->code(), absl::StatusCode::kInternal);
  ExpectInputs(*run.result);
}

TEST_F(PredictorLogTest, ACallThatExpiresInTheQueueIsRecordedWithItsInputs) {
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  call_.loop.Advance(std::chrono::seconds(1));
  ASSERT_EQ(run.result->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(call_.phase.current(), Phase::kQueued);
  ExpectInputs(*run.result);
}

TEST_F(PredictorLogTest, ACallThatExpiresWhileItIsComputedIsRecordedWithItsInputs) {
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  const std::shared_ptr<InferenceJob> job = pool_.Take(call_.clock.Now());
  call_.loop.Advance(std::chrono::seconds(1));
  ASSERT_EQ(run.result->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(call_.phase.current(), Phase::kComputing);
  ExpectInputs(*run.result);
  ASSERT_EQ(job->inputs.size(), 1u);
  EXPECT_EQ(job->inputs[0].bytes.size(), 16u) << "the worker has not been robbed of them";
  PuppetPool::Finish(*job);
}

TEST_F(PredictorLogTest, ARecordsTimeIsThatOfItsCallsAcceptance) {
  const WallTime accepted = call_.clock.WallNow();
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  call_.loop.Advance(std::chrono::milliseconds(300));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  End(*prediction_, *run.result);
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].time, accepted);
  EXPECT_EQ(log_.records[0].times.total, std::chrono::milliseconds(300));
}

TEST_F(PredictorLogTest, ASyncCallKeepsItsDeadline) {
  Publish(LogMode::kSync);
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  call_.loop.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kDeadlineExceeded);
  log_.records[0].wait->End(absl::OkStatus());
  call_.loop.RunUntilIdle();
}

TEST_F(PredictorLogTest, ASyncCallThatEndsBeforeItCouldWaitIsRecordedAsItEnded) {
  Publish(LogMode::kSync);
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.stop.request_stop();  // The model has answered, and the call has not heard of it yet.
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kCancelled);
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].wait, nullptr) << "nobody waits for it";
  EXPECT_EQ(log_.records[0].status_code, static_cast<int>(absl::StatusCode::kCancelled));
  EXPECT_NE(log_.records[0].status_message, "");
  EXPECT_EQ(log_.records[0].request_id, "id");
  EXPECT_EQ(log_.records[0].outputs.size(), 1u) << "what the model had answered";
  EXPECT_EQ(log_.held, 0);
  End(*prediction_, *run.result);
  EXPECT_EQ(log_.records.size(), 1u) << "recorded once";
}

TEST_F(PredictorLogTest, AFailedSyncCallIsRecordedAfterItsAnswer) {
  Publish(LogMode::kSync);
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  End(*prediction_, *run.result);
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].wait, nullptr);
  EXPECT_EQ(log_.records[0].status_code, static_cast<int>(absl::StatusCode::kCancelled));
}

TEST_F(PredictorLogTest, ACallOutsideTheSampleIsCountedInsteadOfRecorded) {
  Publish(LogMode::kReserve, "0");
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  End(*prediction_, *run.result);
  EXPECT_TRUE(log_.records.empty());
  EXPECT_EQ(log_.sampled_out, 1);
  prediction_.reset();
  EXPECT_EQ(log_.held, 0);
}

TEST_F(PredictorLogTest, ASyncCallOutsideTheSampleDoesNotWait) {
  Publish(LogMode::kSync, "0");
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  pool_.RunOne();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_TRUE(run.result->ok());
  End(*prediction_, *run.result);
  EXPECT_EQ(log_.sampled_out, 1) << "counted once";
}

TEST_F(PredictorLogTest, ACallThatFailsIsRecordedWhateverTheSample) {
  Publish(LogMode::kBestEffort, "0");
  Started<absl::Status> run(predictor_.Predict(call_.context, *prediction_));
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  End(*prediction_, *run.result);
  EXPECT_EQ(log_.records.size(), 1u);
}

TEST(PredictionLogStepTest, RefusesNamesThatTheModelDoesNotHave) {
  const auto version = MakeVersion("echo", 1, EchoModel());
  PredictionLogStep step({.has_log = true});
  version->config.parameters = {{"prediction_log.hash", "x,request_id"},
                                {"prediction_log.fields", "x,y"}};
  EXPECT_TRUE(step.Prepare(*version).ok());
  version->config.parameters["prediction_log.hash"] = "z";
  EXPECT_THAT(std::string(step.Prepare(*version).message()),
              HasSubstr("parameters[prediction_log.hash] names 'z', and the model has only x, y"));
  version->config.parameters = {{"prediction_log.fields", "request_id"}};
  EXPECT_THAT(std::string(step.Prepare(*version).message()),
              HasSubstr("parameters[prediction_log.fields] names 'request_id'"));
}

TEST(PredictionLogStepTest, RefusesAModelThatNeedsALogWhereThereIsNone) {
  const auto version = MakeVersion("echo", 1, EchoModel());
  PredictionLogStep step({.has_log = false});
  EXPECT_TRUE(step.Prepare(*version).ok());
  version->config.parameters["prediction_log.mode"] = "reserve";
  const absl::Status refused = step.Prepare(*version);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("parameters[prediction_log.mode] is reserve, and the server has no "
                        "prediction log: set --prediction_log"));
}

TEST(PredictionLogStepTest, ModelsThatDoNotSayHaveTheServersMode) {
  const auto version = MakeVersion("echo", 1, EchoModel());
  PredictionLogStep step({.has_log = true, .mode = LogMode::kSync});
  ASSERT_TRUE(step.Prepare(*version).ok());
  EXPECT_EQ(version->log->mode(), LogMode::kSync);
  version->config.parameters["prediction_log.mode"] = "best_effort";
  ASSERT_TRUE(step.Prepare(*version).ok());
  EXPECT_EQ(version->log->mode(), LogMode::kBestEffort);
}

}  // namespace
}  // namespace tournant
