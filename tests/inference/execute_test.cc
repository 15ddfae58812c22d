#include "inference/execute.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "inference/test_jobs.h"

namespace tournant {
namespace {

absl::Status RunGiving(std::vector<Tensor> outputs, int64_t rows, int64_t max_batch_size = 8,
                       DataType type = DataType::kInt64) {
  const auto version = Int64Version(
      [&outputs](std::span<const TensorView>) {
        return absl::StatusOr<std::vector<Tensor>>(std::move(outputs));
      },
      max_batch_size);
  version->config.outputs[0].type = type;
  return Execute(*version, {}, rows).status();
}

TEST(Execute, GivesTheOutputsOfTheModel) {
  const auto version = Int64Version(TimesTen());
  const Tensor input = Int64s({2, 1}, {1, 2});
  const std::vector<TensorView> inputs = {{input.type, input.shape, input.bytes, nullptr}};
  const auto outputs = Execute(*version, inputs, 2);
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(Int64Values((*outputs)[0].bytes), (std::vector<int64_t>{10, 20}));
}

TEST(Execute, TurnsExceptionsIntoInternalWithOneLine) {
  const auto version =
      Int64Version([](std::span<const TensorView>) -> absl::StatusOr<std::vector<Tensor>> {
        throw std::runtime_error("index out of range\n  at model.py:3");
      });
  const absl::Status status = Execute(*version, {}, 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "the model threw: index out of range");
}

TEST(Execute, SurvivesWhatIsNoException) {
  const auto version = Int64Version(
      [](std::span<const TensorView>) -> absl::StatusOr<std::vector<Tensor>> { throw 7; });
  EXPECT_EQ(Execute(*version, {}, 1).status().code(), absl::StatusCode::kInternal);
}

TEST(Execute, RefusesAnotherNumberOfOutputs) {
  const absl::Status status = RunGiving({Int64s({1, 1}, {1}), Int64s({1, 1}, {1})}, 1);
  EXPECT_EQ(status.message(), "the model gave 2 outputs, its config has 1");
}

TEST(Execute, RefusesAnotherNumberOfRows) {
  const absl::Status status = RunGiving({Int64s({1, 1}, {1})}, 2);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "model output 'y' has shape [1,1] for a batch of 2");
  EXPECT_FALSE(RunGiving({Int64s({}, {1})}, 1).ok());
}

TEST(Execute, RefusesBytesThatDisagreeWithTheShape) {
  const absl::Status status = RunGiving({Int64s({2, 1}, {1})}, 2);
  EXPECT_EQ(status.message(), "model output 'y' has 8 bytes for shape [2,1] of INT64");
}

TEST(Execute, RefusesMalformedStrings) {
  Tensor cut = Strings({2, 1}, {"one", "two"});
  cut.bytes.pop_back();
  EXPECT_EQ(RunGiving({cut}, 2, 8, DataType::kBytes).code(), absl::StatusCode::kInternal);
}

TEST(Execute, LetsAModelWithoutBatchDimensionGiveAnyShape) {
  EXPECT_TRUE(RunGiving({Int64s({3}, {1, 2, 3})}, 1, 0).ok());
  EXPECT_TRUE(RunGiving({Int64s({}, {1})}, 1, 0).ok());
}

}  // namespace
}  // namespace tournant
