#include "rpc/statistics.h"

#include <gtest/gtest.h>

#include <map>

#include "base/status.h"
#include "fakes/fake_model.h"
#include "fakes/manual_clock.h"
#include "inference/model_queue.h"
#include "inference/worker_pool.h"
#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class WeighedModel final : public Model {
 public:
  explicit WeighedModel(size_t bytes) : bytes_(bytes) {}
  absl::StatusOr<std::vector<TensorView>> Run(std::span<const TensorView>) const override {
    return std::vector<TensorView>();
  }
  size_t parameter_bytes() const override { return bytes_; }

 private:
  const size_t bytes_;
};

class StatisticsTest : public testing::Test {
 protected:
  std::shared_ptr<ModelVersion> Publish(const std::string& name, int64_t number, size_t bytes = 0) {
    auto version = MakeVersion(name, number, std::make_unique<WeighedModel>(bytes));
    version->queue = std::make_shared<ModelQueue>(version->config, number, ModelQueue::Options());
    registry_.Publish(version);
    return version;
  }
  absl::Status Ask(const std::string& name, const std::string& version = "") {
    answer_.Clear();
    inference::ModelStatisticsRequest request;
    request.set_name(name);
    request.set_version(version);
    return DescribeStatistics(registry_, request, answer_);
  }
  std::vector<std::string> Rows() const {
    std::vector<std::string> rows;
    for (const auto& row : answer_.model_stats()) rows.push_back(row.name() + "/" + row.version());
    return rows;
  }

  ModelRegistry registry_;
  inference::ModelStatisticsResponse answer_;
};

TEST_F(StatisticsTest, HasARowForEachServedVersionOfWhatWasAskedFor) {
  Publish("b", 1);
  Publish("a", 2);
  Publish("a", 10);
  registry_.MarkFailed("a", 11, "broken");
  registry_.MarkFailed("c", 1, "broken");
  EXPECT_TRUE(Ask("").ok());
  EXPECT_EQ(Rows(), (std::vector<std::string>{"a/2", "a/10", "b/1"}));
  EXPECT_TRUE(Ask("a").ok());
  EXPECT_EQ(Rows(), (std::vector<std::string>{"a/2", "a/10"}));
  EXPECT_TRUE(Ask("a", "2").ok());
  EXPECT_EQ(Rows(), (std::vector<std::string>{"a/2"}));
}

TEST_F(StatisticsTest, HasNoRowsWithoutModels) {
  EXPECT_TRUE(Ask("").ok());
  EXPECT_EQ(answer_.model_stats_size(), 0);
}

TEST_F(StatisticsTest, RefusesWhatDoesNotServe) {
  Publish("a", 2);
  registry_.MarkFailed("broken", 1, "no such file");
  for (const std::string& name : {"nope", "broken", "a\n"}) {
    const absl::Status status = Ask(name);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(status), "name");
    EXPECT_EQ(status.message(), "requested model '" + Quote(name) + "' is not available");
  }
  const absl::Status other_version = Ask("a", "3");
  EXPECT_EQ(other_version.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(other_version), "version");
  EXPECT_EQ(other_version.message(), "requested model version is not available for model 'a'");
  EXPECT_EQ(Ask("a", "02").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(StatisticsTest, ShowsEveryCounter) {
  const auto version = Publish("a", 2, 12'345);
  VersionStatistics& statistics = version->queue->statistics();
  VersionStatistics::Batch batch;
  batch.attempted = true;
  batch.executions.push_back({5, {microseconds(1), microseconds(20), microseconds(3)}});
  batch.executions.push_back({2, {microseconds(2), microseconds(10), microseconds(4)}});
  batch.calls = 3;
  batch.rows = 7;
  batch.total = microseconds(100);
  batch.queued = microseconds(40);
  batch.compute = {microseconds(4), microseconds(50), microseconds(10)};
  statistics.Count(batch, WallTime(milliseconds(1'700'000'000'123)));
  statistics.CountFailure(microseconds(9), CallFailure::kOther);
  statistics.CountEmpty(microseconds(6));

  ASSERT_TRUE(Ask("a").ok());
  ASSERT_EQ(answer_.model_stats_size(), 1);
  const inference::ModelStatistics& row = answer_.model_stats(0);
  EXPECT_EQ(row.last_inference(), 1'700'000'000'123u);
  EXPECT_EQ(row.inference_count(), 7u);
  EXPECT_EQ(row.execution_count(), 2u);
  const inference::InferStatistics& calls = row.inference_stats();
  const auto expect = [](const inference::StatisticDuration& statistic, uint64_t count,
                         uint64_t ns) {
    EXPECT_EQ(statistic.count(), count);
    EXPECT_EQ(statistic.ns(), ns);
  };
  expect(calls.success(), 4, 106'000);
  expect(calls.fail(), 1, 9'000);
  expect(calls.queue(), 3, 40'000);
  expect(calls.compute_input(), 3, 4'000);
  expect(calls.compute_infer(), 3, 50'000);
  expect(calls.compute_output(), 3, 10'000);
  expect(calls.cache_hit(), 0, 0);
  expect(calls.cache_miss(), 0, 0);
  ASSERT_EQ(row.batch_stats_size(), 2);
  EXPECT_EQ(row.batch_stats(0).batch_size(), 2u);
  EXPECT_EQ(row.batch_stats(1).batch_size(), 5u);
  expect(row.batch_stats(1).compute_input(), 1, 1'000);
  expect(row.batch_stats(1).compute_infer(), 1, 20'000);
  expect(row.batch_stats(1).compute_output(), 1, 3'000);
  ASSERT_EQ(row.memory_usage_size(), 1);
  EXPECT_EQ(row.memory_usage(0).type(), "CPU");
  EXPECT_EQ(row.memory_usage(0).id(), 0);
  EXPECT_EQ(row.memory_usage(0).byte_size(), 12'345u);
  EXPECT_TRUE(row.response_stats().empty());
}

TEST_F(StatisticsTest, StartsAtZeroWithEachLoad) {
  Publish("a", 1)->queue->statistics().CountFailure(microseconds(1), CallFailure::kOther);
  Publish("a", 1);
  ASSERT_TRUE(Ask("a").ok());
  EXPECT_EQ(answer_.model_stats(0).inference_stats().fail().count(), 0u);
}

// A whole server with real workers.
class ServedStatisticsTest : public ModelServerTest {
 protected:
  void SetUp() override {
    auto version = MakeVersion("echo", 1, EchoModel());
    version->queue = workers_.MakeQueue(version->config, 1);
    registry_.Publish(version);
  }
  void TearDown() override {
    workers_.Close();
    ModelServerTest::TearDown();
  }
  inference::ModelStatistics Statistics() {
    grpc::ClientContext context;
    inference::ModelStatisticsRequest request;
    request.set_name("echo");
    inference::ModelStatisticsResponse answer;
    EXPECT_TRUE(stub_->ModelStatistics(&context, request, &answer).ok());
    return answer.model_stats_size() == 1 ? answer.model_stats(0) : inference::ModelStatistics();
  }
  WorkerPool workers_{clock_, {}};
};

TEST_F(ServedStatisticsTest, HasCountedEachCallThatWasAnswered) {
  StartServer(workers_);
  for (uint64_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(Infer(EchoRequest("id", {1, 2, 3, 4, 5, 6, 7, 8})).ok());
    const inference::ModelStatistics row = Statistics();
    ASSERT_EQ(row.inference_stats().success().count(), i);
    ASSERT_EQ(row.inference_count(), 2 * i);
    ASSERT_EQ(row.execution_count(), i);
    ASSERT_EQ(row.batch_stats(0).compute_infer().count(), i);
    ASSERT_GT(row.last_inference(), 0u);
  }
  inference::ModelInferRequest empty = EchoRequest("none", {});
  ASSERT_TRUE(Infer(empty).ok());
  EXPECT_EQ(Statistics().inference_stats().success().count(), 21u);
  EXPECT_EQ(Statistics().inference_stats().queue().count(), 20u);
  EXPECT_EQ(Statistics().inference_count(), 40u);
}

TEST_F(ServedStatisticsTest, CountsNoRequestThatIsInvalid) {
  StartServer(workers_);
  inference::ModelInferRequest request = EchoRequest("id");
  request.mutable_inputs(0)->set_name("z");
  EXPECT_EQ(Infer(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Statistics().inference_stats().fail().count(), 0u);
  EXPECT_EQ(Statistics().inference_stats().success().count(), 0u);
}

}  // namespace
}  // namespace tournant
