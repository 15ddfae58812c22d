#include "inference/batch.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "inference/test_jobs.h"

namespace tournant {
namespace {

std::shared_ptr<InferenceJob> JobWith(int64_t rows, std::vector<Tensor> inputs) {
  auto job = std::make_shared<InferenceJob>();
  job->rows = rows;
  job->inputs = std::move(inputs);
  return job;
}

TEST(BatchBuffer, LaysTheRowsOfAllJobsOneAfterAnother) {
  BatchBuffer buffer;
  const std::vector jobs = {JobWith(2, {Int64s({2, 2}, {1, 2, 3, 4})}),
                            JobWith(1, {Int64s({1, 2}, {5, 6})})};
  const auto inputs = buffer.Gather(jobs, 3);
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].type, DataType::kInt64);
  EXPECT_EQ(inputs[0].shape, (Shape{3, 2}));
  EXPECT_EQ(Int64Values(inputs[0].bytes), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(BatchBuffer, JoinsStrings) {
  BatchBuffer buffer;
  const std::vector jobs = {JobWith(1, {Strings({1, 2}, {"a", ""})}),
                            JobWith(2, {Strings({2, 2}, {"long enough", "b", "c", "d"})})};
  const auto inputs = buffer.Gather(jobs, 3);
  EXPECT_EQ(inputs[0].shape, (Shape{3, 2}));
  EXPECT_EQ(inputs[0].bytes, Strings({3, 2}, {"a", "", "long enough", "b", "c", "d"}).bytes);
}

TEST(BatchBuffer, PassesOnThatAnOptionalInputIsMissing) {
  BatchBuffer buffer;
  const std::vector jobs = {JobWith(1, {Tensor{}, Int64s({1}, {1})}),
                            JobWith(1, {Tensor{}, Int64s({1}, {2})})};
  const auto inputs = buffer.Gather(jobs, 2);
  EXPECT_EQ(inputs[0].type, DataType::kInvalid);
  EXPECT_EQ(Int64Values(inputs[1].bytes), (std::vector<int64_t>{1, 2}));
}

TEST(BatchBuffer, UsesItsMemoryAgain) {
  BatchBuffer buffer;
  const std::vector large = {JobWith(2, {Int64s({2}, {1, 2})}), JobWith(1, {Int64s({1}, {3})})};
  const std::vector small = {JobWith(1, {Int64s({1}, {7})}), JobWith(1, {Int64s({1}, {8})})};
  const char* const first = buffer.Gather(large, 3)[0].bytes.data();
  const auto again = buffer.Gather(small, 2);
  EXPECT_EQ(again[0].bytes.data(), first);
  EXPECT_EQ(Int64Values(again[0].bytes), (std::vector<int64_t>{7, 8}));
}

TEST(BatchBuffer, StartsEachInputOnACacheLine) {
  BatchBuffer buffer;
  const std::vector jobs = {JobWith(1, {Int64s({1}, {1}), Strings({1}, {"x"})}),
                            JobWith(1, {Int64s({1}, {2}), Strings({1}, {"y"})})};
  for (const TensorView& input : buffer.Gather(jobs, 2)) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(input.bytes.data()) % 64, 0u);
  }
}

TEST(BatchBuffer, ShowsASingleJobsInputsWithoutCopying) {
  BatchBuffer buffer;
  const auto job = JobWith(2, {Int64s({2, 2}, {1, 2, 3, 4}), Tensor{}});
  const auto inputs = buffer.View(*job);
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].bytes.data(), job->inputs[0].bytes.data());
  EXPECT_EQ(inputs[0].shape, (Shape{2, 2}));
  EXPECT_EQ(inputs[1].type, DataType::kInvalid);
}

TEST(BatchBuffer, TakesJobsWithoutElements) {
  BatchBuffer buffer;
  const std::vector jobs = {JobWith(1, {Int64s({1, 0}, {})}), JobWith(2, {Int64s({2, 0}, {})})};
  const auto inputs = buffer.Gather(jobs, 3);
  EXPECT_EQ(inputs[0].shape, (Shape{3, 0}));
  EXPECT_TRUE(inputs[0].bytes.empty());
}

TensorView ViewOf(const Tensor& tensor) {
  return {tensor.type, tensor.shape, tensor.bytes, nullptr};
}

TEST(OutputRows, GivesEachJobItsRows) {
  const Tensor numbers = Int64s({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor words = Strings({4}, {"a", "bb", "", "dddd"});
  const std::vector<TensorView> outputs = {ViewOf(numbers), ViewOf(words)};
  OutputRows rows(outputs, 4);

  const std::vector<Tensor> first = rows.Take(1);
  EXPECT_EQ(first[0].shape, (Shape{1, 2}));
  EXPECT_EQ(Int64Values(first[0]), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(StringValues(first[1]), std::vector<std::string>{"a"});

  rows.Skip(1);

  const std::vector<Tensor> last = rows.Take(2);
  EXPECT_EQ(last[0].shape, (Shape{2, 2}));
  EXPECT_EQ(last[0].type, DataType::kInt64);
  EXPECT_EQ(Int64Values(last[0]), (std::vector<int64_t>{5, 6, 7, 8}));
  EXPECT_EQ(last[1].shape, (Shape{2}));
  EXPECT_EQ(StringValues(last[1]), (std::vector<std::string>{"", "dddd"}));
}

TEST(OutputRows, CountsAllElementsOfARowOfStrings) {
  const Tensor words = Strings({2, 3}, {"a", "b", "c", "d", "e", "f"});
  const std::vector<TensorView> outputs = {ViewOf(words)};
  OutputRows rows(outputs, 2);
  EXPECT_EQ(StringValues(rows.Take(1)[0]), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(StringValues(rows.Take(1)[0]), (std::vector<std::string>{"d", "e", "f"}));
}

TEST(OutputRows, HandlesOutputsWithoutElements) {
  const Tensor empty = Int64s({2, 0}, {});
  const std::vector<TensorView> outputs = {ViewOf(empty)};
  OutputRows rows(outputs, 2);
  EXPECT_EQ(rows.Take(1)[0].shape, (Shape{1, 0}));
  EXPECT_TRUE(rows.Take(1)[0].bytes.empty());
}

TEST(CopyOutputs, CopiesWholeTensors) {
  const Tensor numbers = Int64s({3}, {1, 2, 3});
  const std::vector<TensorView> outputs = {ViewOf(numbers)};
  const std::vector<Tensor> copies = CopyOutputs(outputs);
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].shape, (Shape{3}));
  EXPECT_EQ(copies[0].bytes, numbers.bytes);
}

}  // namespace
}  // namespace tournant
