#include "pipeline/validate_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "base/status.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

Tensor Floats(Shape shape, size_t count) {
  return {DataType::kFp32, std::move(shape), std::string(count * sizeof(float), '\0')};
}

// A model with a required row of four floats, optional flags and names, two outputs, at most 8
// rows.
class ValidateRequestTest : public ::testing::Test {
 protected:
  std::vector<TensorSpec> inputs_ = {{"x", DataType::kFp32, {4}, false},
                                     {"flags", DataType::kBool, {-1}, true},
                                     {"names", DataType::kBytes, {2}, true}};
  std::vector<TensorSpec> overrides_ = {{"plane:seats", DataType::kFp64, {1}, true}};
  std::vector<TensorSpec> outputs_ = {{"y", DataType::kFp32, {1}, false},
                                      {"z", DataType::kFp32, {1}, false}};
  int64_t max_batch_size_ = 8;

  absl::StatusOr<int64_t> Validate(std::vector<NamedTensor> inputs,
                                   std::vector<RequestedOutput> outputs = {}) {
    InferRequest request;
    request.model = "m";
    request.inputs = std::move(inputs);
    request.outputs = std::move(outputs);
    return ValidateRequest({inputs_, overrides_, outputs_, max_batch_size_}, request);
  }

  void ExpectRefused(std::vector<NamedTensor> inputs, const std::string& field,
                     const std::string& message, std::vector<RequestedOutput> outputs = {}) {
    const absl::StatusOr<int64_t> rows = Validate(std::move(inputs), std::move(outputs));
    EXPECT_EQ(rows.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(rows.status()), field);
    EXPECT_THAT(std::string(rows.status().message()), HasSubstr(message));
  }
};

TEST_F(ValidateRequestTest, CountsTheRowsOfARequestThatFits) {
  const auto rows = Validate({{"x", Floats({3, 4}, 12)}}, {{"z"}, {"y"}});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, 3);
}

TEST_F(ValidateRequestTest, AllowsARequestOfNoRows) {
  const auto rows = Validate({{"x", Floats({0, 4}, 0)}});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, 0);
}

TEST_F(ValidateRequestTest, AModelWithoutABatchDimensionHasOneRow) {
  max_batch_size_ = 0;
  const auto rows = Validate({{"x", Floats({4}, 4)}});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, 1);
}

TEST_F(ValidateRequestTest, NamesAMissingInput) {
  ExpectRefused({{"flags", {DataType::kBool, {1, 1}, std::string(1, '\1')}}}, "inputs",
                "expected number of inputs between 1 and 3 but got 1 inputs for model 'm'. Got "
                "input(s) ['flags'], but missing required input(s) ['x']. Please provide all "
                "required input(s).");
  inputs_ = {{"a", DataType::kFp32, {4}}, {"b", DataType::kFp32, {4}}, {"c", DataType::kFp32, {4}}};
  ExpectRefused({{"b", Floats({1, 4}, 4)}}, "inputs",
                "expected 3 inputs but got 1 inputs for model 'm'. Got input(s) ['b'], but missing "
                "required input(s) ['a','c']. Please provide all required input(s).");
}

TEST_F(ValidateRequestTest, CountsTheInputsWhenThereAreTooMany) {
  inputs_ = {{"x", DataType::kFp32, {4}}};
  overrides_.clear();
  ExpectRefused({{"x", Floats({1, 4}, 4)}, {"more", Floats({1, 4}, 4)}}, "inputs[1].name",
                "unexpected inference input 'more' for model 'm': expected 1 inputs but got 2 "
                "inputs for model 'm'");
}

TEST_F(ValidateRequestTest, RefusesToClassifyWhatCannotBeOrdered) {
  outputs_[1].type = DataType::kBytes;
  EXPECT_TRUE(Validate({{"x", Floats({1, 4}, 4)}}, {{"y", 3}, {"z"}}).ok());
  ExpectRefused({{"x", Floats({1, 4}, 4)}}, "outputs[1].parameters[classification]",
                "class result not available for output due to unsupported type 'BYTES'",
                {{"y", 3}, {"z", 1}});
}

TEST_F(ValidateRequestTest, NeedsAShapeWhereThereIsABatchDimension) {
  ExpectRefused({{"x", Floats({}, 1)}}, "inputs[0].shape",
                "input 'x' has no shape but model requires batch dimension for 'm'");
}

TEST_F(ValidateRequestTest, NamesAnUnknownInputBeforeAMissingOne) {
  ExpectRefused({{"X", Floats({1, 4}, 4)}}, "inputs[0].name",
                "unexpected inference input 'X' for model 'm'");
}

TEST_F(ValidateRequestTest, RefusesAnInputGivenTwice) {
  ExpectRefused({{"x", Floats({1, 4}, 4)}, {"x", Floats({1, 4}, 4)}}, "inputs[1].name",
                "input 'x' already exists in request");
}

TEST_F(ValidateRequestTest, NamesAnUnknownOutput) {
  ExpectRefused({{"x", Floats({1, 4}, 4)}}, "outputs[1].name",
                "unexpected inference output 'w' for model 'm'", {{"y"}, {"w"}});
}

TEST_F(ValidateRequestTest, RefusesAnOutputAskedForTwice) {
  ExpectRefused({{"x", Floats({1, 4}, 4)}}, "outputs[1].name",
                "output 'y' already exists in request", {{"y"}, {"y"}});
}

// Comparing all pairs of 100,000 names once held an event loop up for 14 seconds. The error must
// come from the first name that the model does not have, whatever follows.
TEST_F(ValidateRequestTest, StopsAtTheFirstNameThatTheModelDoesNotHave) {
  std::vector<RequestedOutput> outputs;
  std::vector<NamedTensor> inputs;
  for (int i = 0; i < 1'000'000; ++i) outputs.push_back({"y" + std::to_string(i)});
  ExpectRefused({{"x", Floats({1, 4}, 4)}}, "outputs[0].name",
                "unexpected inference output 'y0' for model 'm'", std::move(outputs));
  for (int i = 0; i < 1'000'000; ++i) inputs.push_back({"x", Tensor()});
  inputs[0].tensor = Floats({1, 4}, 4);
  ExpectRefused(std::move(inputs), "inputs[1].name", "input 'x' already exists in request");
}

TEST_F(ValidateRequestTest, NamesTheWrongDatatype) {
  ExpectRefused({{"x", {DataType::kFp64, {1, 4}, std::string(32, '\0')}}}, "inputs[0].datatype",
                "inference input 'x' data-type is 'FP64', but model 'm' expects 'FP32'");
}

TEST_F(ValidateRequestTest, NamesTheExpectedAndTheGivenShape) {
  ExpectRefused({{"x", Floats({1, 3}, 3)}}, "inputs[0].shape",
                "unexpected shape for input 'x' for model 'm'. Expected [-1,4], got [1,3].");
  ExpectRefused({{"x", Floats({4}, 4)}}, "inputs[0].shape", "Expected [-1,4], got [4].");
}

TEST_F(ValidateRequestTest, RefusesADimensionThatIsNotGiven) {
  ExpectRefused({{"x", Floats({-1, 4}, 4)}}, "inputs[0].shape[0]",
                "All input dimensions should be specified for input 'x'");
}

TEST_F(ValidateRequestTest, RefusesMoreThanEightDimensions) {
  ExpectRefused({{"x", Floats({1, 1, 1, 1, 1, 1, 1, 1, 4}, 4)}}, "inputs[0].shape",
                "input 'x' has 9 dimensions, at most 8 are allowed");
}

TEST_F(ValidateRequestTest, RefusesMoreRowsThanOneBatchHolds) {
  ExpectRefused({{"x", Floats({9, 4}, 36)}}, "inputs[0].shape",
                "inference request batch-size must be <= 8 for 'm'");
}

TEST_F(ValidateRequestTest, RefusesInputsThatDisagreeOnTheirRows) {
  ExpectRefused(
      {{"x", Floats({2, 4}, 8)}, {"flags", {DataType::kBool, {3, 1}, std::string(3, '\0')}}},
      "inputs[1].shape", "input 'flags' batch size does not match other inputs for 'm'");
}

TEST_F(ValidateRequestTest, RefusesFewerOrMoreBytesThanTheShapeSays) {
  ExpectRefused({{"x", Floats({2, 4}, 7)}}, "inputs[0].contents",
                "input byte size mismatch for input 'x' for model 'm'. Expected 32, got 28");
  ExpectRefused({{"x", Floats({2, 4}, 9)}}, "inputs[0].contents", "Expected 32, got 36");
}

TEST_F(ValidateRequestTest, RefusesAShapeWhoseSizeOverflows) {
  inputs_[0].dims = {-1, -1};
  max_batch_size_ = int64_t{1} << 62;
  ExpectRefused({{"x", Floats({1, int64_t{1} << 62, 4}, 0)}}, "inputs[0].shape", "overflows");
  // Fits as a count of elements, not as a count of bytes.
  ExpectRefused({{"x", Floats({1, int64_t{1} << 61, 2}, 0)}}, "inputs[0].contents",
                "Expected more than 2^63, got 0");
}

TEST_F(ValidateRequestTest, RefusesABooleanThatIsNeitherZeroNorOne) {
  ExpectRefused({{"x", Floats({1, 4}, 4)}, {"flags", {DataType::kBool, {1, 2}, "\1\2"}}},
                "inputs[1].contents", "input 'flags' for model 'm' is BOOL");
}

TEST_F(ValidateRequestTest, ChecksEveryStringOfABytesTensor) {
  std::string two;
  AppendBytesElement("a", two);
  AppendBytesElement(std::string("b\0c", 3), two);
  EXPECT_TRUE(
      Validate({{"x", Floats({1, 4}, 4)}, {"names", {DataType::kBytes, {1, 2}, two}}}).ok());
  ExpectRefused({{"x", Floats({1, 4}, 4)},
                 {"names", {DataType::kBytes, {1, 2}, two.substr(0, two.size() - 1)}}},
                "inputs[1].contents", "incomplete string data at element 1");
  ExpectRefused({{"x", Floats({1, 4}, 4)}, {"names", {DataType::kBytes, {1, 2}, two + two}}},
                "inputs[1].contents", "unexpected number of string elements, expected 2");
  ExpectRefused({{"x", Floats({1, 4}, 4)}, {"names", {DataType::kBytes, {1, 2}, "\1"}}},
                "inputs[1].contents", "incomplete string length indicator at element 0");
}

TEST_F(ValidateRequestTest, AcceptsAnOverrideOfAnyNumericTypeButNoOther) {
  EXPECT_TRUE(Validate({{"x", Floats({1, 4}, 4)}, {"plane:seats", Floats({1, 1}, 1)}}).ok());
  ExpectRefused({{"x", Floats({1, 4}, 4)}, {"plane:seats", {DataType::kInt8, {1, 1}, "\0"}}},
                "inputs[1].datatype",
                "data-type is 'INT8', but model 'm' expects 'FP64', 'FP32', 'INT64' or 'BYTES'");
}

TEST_F(ValidateRequestTest, EscapesAndCutsNamesThatItEchoes) {
  ExpectRefused({{std::string("a\n\x01") + std::string(1000, 'b'), Floats({1, 4}, 4)}},
                "inputs[0].name", "unexpected inference input 'a\\n\\001bbb");
  const auto refused = Validate({{std::string(100'000, 'b'), Floats({1, 4}, 4)}});
  EXPECT_LT(refused.status().message().size(), 300u);
}

TEST_F(ValidateRequestTest, NeedsAnInputToTellTheNumberOfRows) {
  inputs_ = {{"flags", DataType::kBool, {1}, true}};
  ExpectRefused({}, "inputs", "needs at least one input");
}

}  // namespace
}  // namespace tournant
