#include "pipeline/predictor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "base/sleep.h"
#include "fakes/fake_model.h"
#include "fakes/puppet_pool.h"
#include "fakes/tensors.h"
#include "fakes/test_call.h"
#include "features/bindings.h"
#include "features/feature_client.h"
#include "features/feature_plan.h"
#include "inference/model_queue.h"
#include "pipeline/prediction_log_step.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Floats(std::vector<float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

class LastRecord final : public PredictionSink {
 public:
  void Record(PredictionRecord record) override {
    last = std::move(record);
    ++count;
  }
  PredictionRecord last;
  int count = 0;
};

class PredictorTest : public ::testing::Test {
 protected:
  PredictorTest() {
    registry_.Publish(MakeVersion("echo", 1, EchoModel()));
    prediction_.request.model = "echo";
    prediction_.request.id = "id-1";
    prediction_.request.inputs.push_back(
        {"x", {DataType::kFp32, {2, 4}, Floats({1, 2, 3, 4, 5, 6, 7, 8})}});
  }

  Predictor MakePredictor(PuppetPool& pool) {
    return Predictor(registry_, admission_, pool, nullptr, &sink_, call_.clock, {});
  }

  ModelRegistry registry_;
  AdmissionControl* admission_ = nullptr;
  LastRecord sink_;
  TestCall call_;
  Prediction prediction_;
};

TEST_F(PredictorTest, ComputesAndNamesTheOutputsInTheOrderOfTheConfig) {
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  ASSERT_TRUE(run.result->ok()) << *run.result;
  EXPECT_EQ(prediction_.rows, 2);
  ASSERT_EQ(prediction_.outputs.size(), 1u);
  EXPECT_EQ(prediction_.outputs[0].name, "y");
  EXPECT_THAT(prediction_.outputs[0].tensor.shape, ElementsAre(2, 4));
  EXPECT_EQ(prediction_.outputs[0].tensor.bytes, Floats({1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(PredictorTest, GivesOnlyTheOutputsThatWereAskedForInTheCallersOrder) {
  auto version =
      MakeVersion("two", 1, std::make_unique<FakeModel>([](auto inputs) {
                    Tensor first{DataType::kFp32, inputs[0].shape, std::string(inputs[0].bytes)};
                    Tensor second = first;
                    second.bytes.assign(second.bytes.size(), '\0');
                    return absl::StatusOr<std::vector<Tensor>>(std::vector<Tensor>{first, second});
                  }));
  version->config.outputs.push_back({"zeros", DataType::kFp32, {4}, false});
  registry_.Publish(version);
  prediction_.request.model = "two";
  prediction_.request.outputs = {{"zeros"}, {"y"}};
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.result->ok()) << *run.result;
  ASSERT_EQ(prediction_.outputs.size(), 2u);
  EXPECT_EQ(prediction_.outputs[0].name, "zeros");
  EXPECT_EQ(prediction_.outputs[1].name, "y");
}

TEST_F(PredictorTest, ClassifiesAnOutputWithTheLabelsOfItsModel) {
  auto version = MakeVersion("scores", 1, EchoModel());
  version->config.outputs[0].labels = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"none", "some", "many", "all"});
  registry_.Publish(version);
  prediction_.request.model = "scores";
  prediction_.request.outputs = {{"y", 2}};
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.result->ok()) << *run.result;
  ASSERT_EQ(prediction_.outputs.size(), 1u);
  const Tensor& classes = prediction_.outputs[0].tensor;
  EXPECT_THAT(classes.shape, ElementsAre(2, 2));
  EXPECT_THAT(StringValues(classes), ElementsAre("4.000000:3:all", "3.000000:2:many",
                                                 "8.000000:3:all", "7.000000:2:many"));
}

TEST_F(PredictorTest, WaitsInPhaseQueuedUntilAWorkerHasAnswered) {
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.RunUntilIdle();
  EXPECT_FALSE(run.done());
  EXPECT_EQ(call_.phase.current(), Phase::kQueued);
  EXPECT_EQ(call_.loop.pending_timers(), 1u);
  pool.RunOne();
  call_.loop.RunUntilIdle();
  EXPECT_TRUE(run.result->ok());
  EXPECT_EQ(call_.loop.pending_timers(), 0u);
}

TEST_F(PredictorTest, ExpiresAtTheDeadlineAndFreesItsPlace) {
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.Advance(std::chrono::milliseconds(999));
  EXPECT_FALSE(run.done());
  call_.loop.Advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pool.waiting(), 0u);
}

TEST_F(PredictorTest, EndsAtOnceWhenTheCallerLeaves) {
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(pool.waiting(), 0u);
}

TEST_F(PredictorTest, NeverQueuesACallWhoseDeadlineHasPassed) {
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  Predictor predictor = MakePredictor(pool);
  call_.clock.Advance(std::chrono::seconds(2));
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pool.waiting(), 0u);
}

TEST_F(PredictorTest, QueuesNothingOfAnInvalidRequest) {
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  Predictor predictor = MakePredictor(pool);
  prediction_.request.inputs[0].name = "z";
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(pool.waiting(), 0u);
  EXPECT_EQ(prediction_.version, nullptr);
}

TEST_F(PredictorTest, PassesOnThatTheQueueIsFull) {
  PuppetPool pool(PuppetPool::Mode::kFull);
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.result->code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(OverloadOf(*run.result)->reason, "QUEUE_FULL");
}

TEST_F(PredictorTest, AServedCallKeepsItsVersionWhileAnotherIsPublished) {
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  registry_.Publish(MakeVersion("echo", 2, EchoModel()));
  const ModelHandle old = registry_.Remove("echo", 1);
  EXPECT_GT(old.use_count(), 1);
  pool.RunOne();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.result->ok());
  EXPECT_EQ(prediction_.version->version, 1);
}

// A store that never answers: each fetch ends at its deadline, which it keeps.
class SilentStore final : public FeatureClient {
 public:
  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    deadline = request.deadline;
    if (absl::Status waited = co_await SleepUntil(call, request.deadline); !waited.ok()) {
      co_return waited;
    }
    co_return absl::DeadlineExceededError("the store is silent");
  }
  TimePoint deadline;
};

class PredictorWithFeaturesTest : public PredictorTest {
 protected:
  PredictorWithFeaturesTest() {
    std::shared_ptr<ModelVersion> version = MakeVersion("planes", 1, EchoModel());
    version_ = version;
    version->config.inputs = {{"x", DataType::kFp32, {1}, false}};
    version->config.outputs = {{"y", DataType::kFp32, {1}, false}};
    const auto bindings = ParseBindings("features.pbtxt", R"(
        request { name: "tailnum" data_type: TYPE_STRING dims: 1 }
        entity { join_key: "tailnum" request: "tailnum" data_type: TYPE_STRING }
        input { name: "x" column { feature: "plane:seats" default: 149 } })");
    EXPECT_TRUE(bindings.ok()) << bindings.status();
    auto plan = FeaturePlan::Compile(*bindings, version->config, nullptr, "", {});
    EXPECT_TRUE(plan.ok()) << plan.status();
    version->features = *plan;
    registry_.Publish(version);
    prediction_.request.model = "planes";
    std::string tail;
    AppendBytesElement("N1", tail);
    prediction_.request.inputs = {{"tailnum", {DataType::kBytes, {1, 1}, tail}}};
  }

  Predictor MakePredictor(PuppetPool& pool) {
    Predictor::Options options;
    options.feature_timeout = std::chrono::seconds(10);
    return Predictor(registry_, admission_, pool, &store_, &sink_, call_.clock, options);
  }

  SilentStore store_;
  std::shared_ptr<ModelVersion> version_;
};

TEST_F(PredictorWithFeaturesTest, AnswersFromDefaultsBeforeTheDeadlineWhenTheStoreIsSilent) {
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  const TimePoint start = call_.clock.Now();
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  EXPECT_EQ(call_.phase.current(), Phase::kAwaitingFeatures);
  EXPECT_EQ(store_.deadline, start + std::chrono::milliseconds(995));  // A second, less the margin.
  call_.loop.Advance(std::chrono::milliseconds(995));
  ASSERT_TRUE(run.done());
  ASSERT_TRUE(run.result->ok()) << *run.result;
  EXPECT_EQ(prediction_.outputs[0].tensor.bytes, Floats({149}));
  EXPECT_EQ(prediction_.features.defaulted, 1);
  EXPECT_TRUE(prediction_.features.degraded);
}

TEST_F(PredictorWithFeaturesTest, RecordsTheInputsAsTheModelSawThemWithWhereTheyCameFrom) {
  PredictionLogStep step({.has_log = true});
  ASSERT_TRUE(step.Prepare(*version_).ok());
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.Advance(std::chrono::milliseconds(995));
  ASSERT_TRUE(run.result->ok()) << *run.result;
  predictor.Record(std::move(prediction_), *run.result, call_.phase);
  ASSERT_EQ(sink_.last.assembled.size(), 1u);
  EXPECT_EQ(sink_.last.assembled[0].bytes, Floats({149}));
  EXPECT_THAT(sink_.last.cells.sources, ElementsAre(CellSource::kDefaulted));
  EXPECT_EQ(sink_.last.inputs[0].name, "tailnum");
  ASSERT_NE(sink_.last.log, nullptr);
  const FeatureLayout& layout = sink_.last.log->layout();
  ASSERT_EQ(layout.columns.size(), 1u);
  EXPECT_EQ(layout.columns[0].feature, "plane:seats");
  ASSERT_EQ(layout.keys.size(), 1u);
  EXPECT_EQ(layout.keys[0].join_key, "tailnum");
  EXPECT_EQ(layout.keys[0].request, "tailnum");
  EXPECT_EQ(sink_.last.log->bytes_per_row(), 4 + 4 + 9) << "an output, an input, a cell";
}

TEST_F(PredictorWithFeaturesTest, LeavesMostOfAShortDeadlineToTheStore) {
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  const TimePoint start = call_.clock.Now();
  call_.context.deadline = start + std::chrono::milliseconds(8);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  EXPECT_EQ(store_.deadline, start + std::chrono::milliseconds(6));
  call_.loop.Advance(std::chrono::milliseconds(6));
  EXPECT_TRUE(run.done());
}

TEST_F(PredictorWithFeaturesTest, KeepsTheTimeThatQueueingAndComputingTookBefore) {
  version_->queue = std::make_shared<ModelQueue>(version_->config, 1, ModelQueue::Options());
  PuppetPool pool(PuppetPool::Mode::kWhenTold);
  Predictor predictor = MakePredictor(pool);
  for (int i = 0; i < 20; ++i) {
    TestCall call;
    Prediction prediction;
    prediction.request = prediction_.request;
    Started<absl::Status> run(predictor.Predict(call.context, prediction));
    call.loop.Advance(store_.deadline - call.clock.Now());
    const std::shared_ptr<InferenceJob> job = pool.newest();
    job->started = call.clock.Now() + std::chrono::milliseconds(1);
    job->finished = job->started + std::chrono::milliseconds(3);
    pool.RunOne();
    call.loop.RunUntilIdle();
    ASSERT_TRUE(run.done());
  }
  const TimePoint start = call_.clock.Now();
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  const Duration reserve = call_.context.deadline - store_.deadline;
  EXPECT_GE(reserve, std::chrono::milliseconds(5 + 1 + 3));
  EXPECT_LE(reserve, std::chrono::microseconds(5000 + 1063 + 3188)) << "the trackers' precision";
  call_.loop.Advance(store_.deadline - start);
  pool.RunOne();
  call_.loop.RunUntilIdle();
  EXPECT_TRUE(run.done());
}

TEST_F(PredictorTest, RecordsWhatWasSentAndAnswered) {
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  call_.loop.RunUntilIdle();
  call_.phase.Enter(Phase::kDone);
  predictor.Record(std::move(prediction_), *run.result, call_.phase);
  ASSERT_EQ(sink_.count, 1);
  EXPECT_EQ(sink_.last.model, "echo");
  EXPECT_EQ(sink_.last.request_id, "id-1");
  EXPECT_EQ(sink_.last.rows, 2);
  ASSERT_EQ(sink_.last.inputs.size(), 1u);
  EXPECT_EQ(sink_.last.inputs[0].tensor.bytes, Floats({1, 2, 3, 4, 5, 6, 7, 8}));
  ASSERT_EQ(sink_.last.outputs.size(), 1u);
  EXPECT_EQ(sink_.last.outputs[0].name, "y");
  EXPECT_TRUE(sink_.last.assembled.empty());
}

TEST_F(PredictorTest, RecordsNothingOfARequestThatWasRefused) {
  PuppetPool pool;
  Predictor predictor = MakePredictor(pool);
  prediction_.request.model = "nope";
  Started<absl::Status> run(predictor.Predict(call_.context, prediction_));
  predictor.Record(std::move(prediction_), *run.result, call_.phase);
  EXPECT_EQ(sink_.count, 0);
}

}  // namespace
}  // namespace tournant
