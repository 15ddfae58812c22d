#include "status/rest_request.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"

namespace tournant {
namespace {

template <class T>
std::vector<T> Values(const Tensor& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
  return values;
}

InferRequest Decode(const std::string& text) {
  InferRequest request;
  const absl::Status status = DecodeRestRequest(text, request);
  EXPECT_TRUE(status.ok()) << status << " of " << text;
  return request;
}

// A request whose only input has this in it.
std::string Input(const std::string& members) {
  return absl::StrCat(R"({"inputs": [{"name": "x", )", members, "}]}");
}

Tensor TensorOf(const std::string& members) {
  const InferRequest request = Decode(Input(members));
  return request.inputs.empty() ? Tensor() : request.inputs[0].tensor;
}

TEST(RestRequest, ReadsEverythingThatACallerMaySay) {
  const InferRequest request = Decode(R"({
    "id": "a-1",
    "parameters": {"priority": 2, "timeout": 5000, "custom": "yes"},
    "inputs": [
      {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4.5]]},
      {"data": ["ä", ""], "datatype": "BYTES", "shape": [2], "name": "s", "parameters": {}}],
    "outputs": [{"name": "y", "parameters": {"classification": 3, "binary_data": false}},
                {"name": "z"}]})");
  EXPECT_EQ(request.id, "a-1");
  EXPECT_EQ(request.priority, 2);
  EXPECT_EQ(request.timeout_us, 5000);
  ASSERT_EQ(request.inputs.size(), 2u);
  EXPECT_EQ(request.inputs[0].name, "x");
  EXPECT_EQ(request.inputs[0].tensor.shape, Shape({2, 2}));
  EXPECT_EQ(Values<float>(request.inputs[0].tensor), (std::vector<float>{1, 2, 3, 4.5}));
  EXPECT_EQ(request.inputs[1].name, "s");
  EXPECT_EQ(request.inputs[1].tensor.bytes, std::string("\2\0\0\0ä\0\0\0\0", 10));
  ASSERT_EQ(request.outputs.size(), 2u);
  EXPECT_EQ(request.outputs[0].name, "y");
  EXPECT_EQ(request.outputs[0].classes, 3);
  EXPECT_EQ(request.outputs[1].classes, 0);
}

TEST(RestRequest, TakesDataFlatAndNested) {
  for (const char* data : {"[1,2,3,4]", "[[1,2],[3,4]]"}) {
    const Tensor tensor =
        TensorOf(absl::StrCat(R"("shape": [2,2], "datatype": "INT64", "data": )", data));
    EXPECT_EQ(Values<int64_t>(tensor), (std::vector<int64_t>{1, 2, 3, 4})) << data;
  }
  EXPECT_EQ(TensorOf(R"("shape": [0, 3], "datatype": "FP32", "data": [])").bytes, "");
  EXPECT_EQ(TensorOf(R"("shape": [2, 0], "datatype": "FP32", "data": [[], []])").bytes, "");
  EXPECT_EQ(TensorOf(R"("shape": [], "datatype": "INT8", "data": [7])").bytes, "\7");
}

TEST(RestRequest, KeepsEveryBitOfIntegersAndFloats) {
  const Tensor wide = TensorOf(
      R"("shape": [2], "datatype": "INT64", "data": [-9223372036854775808, 9223372036854775807])");
  EXPECT_EQ(Values<int64_t>(wide), (std::vector<int64_t>{std::numeric_limits<int64_t>::min(),
                                                         std::numeric_limits<int64_t>::max()}));
  const Tensor unsigned_wide =
      TensorOf(R"("shape": [1], "datatype": "UINT64", "data": [18446744073709551615])");
  EXPECT_EQ(Values<uint64_t>(unsigned_wide),
            std::vector<uint64_t>{std::numeric_limits<uint64_t>::max()});
  EXPECT_EQ(Values<double>(TensorOf(R"("shape": [1], "datatype": "FP64", "data": [0.1])")),
            std::vector<double>{0.1});
  EXPECT_EQ(Values<uint16_t>(TensorOf(R"("shape": [2], "datatype": "FP16", "data": [1, -2])")),
            (std::vector<uint16_t>{0x3c00, 0xc000}));
  EXPECT_EQ(Values<uint16_t>(TensorOf(R"("shape": [1], "datatype": "BF16", "data": [1])")),
            std::vector<uint16_t>{0x3f80});
  EXPECT_EQ(TensorOf(R"("shape": [2], "datatype": "BOOL", "data": [true, false])").bytes,
            std::string("\1\0", 2));
}

TEST(RestRequest, TakesTheNamesOfFloatsThatJsonHasNoNumbersFor) {
  const std::vector<float> values = Values<float>(
      TensorOf(R"("shape": [3], "datatype": "FP32", "data": ["NaN", "Infinity", "-Infinity"])"));
  ASSERT_EQ(values.size(), 3u);
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], std::numeric_limits<float>::infinity());
  EXPECT_EQ(values[2], -std::numeric_limits<float>::infinity());
}

TEST(RestRequest, TakesTheLargestFloatAsAnswersWriteIt) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  EXPECT_EQ(Values<float>(TensorOf(
                R"("shape": [2], "datatype": "FP32", "data": [3.4028235e+38, -3.4028235e38])")),
            (std::vector<float>{kLargest, -kLargest}));
}

struct Mistake {
  const char* text;   // Of the whole request, or of an input's members when it begins with a quote.
  const char* field;  // Empty: of none.
  const char* part;   // Of the message.
};

TEST(RestRequest, NamesWhatIsWrong) {
  const Mistake mistakes[] = {
      {"", "", "is not JSON: parse error at line 1, column 1"},
      {"{\n\"inputs\": [}", "", "parse error at line 2"},
      {"[]", "", "not a JSON object"},
      {"7", "", "not a JSON object"},
      {"{}", "inputs", "is missing"},
      {R"({"inputs": {}})", "inputs", "is not an array"},
      {R"({"inputs": [7]})", "inputs[0]", "is not an object"},
      {R"({"inputs": [], "input": []})", "input", "is not understood; what is: id"},
      {R"({"inputs": [], "id": 7})", "id", "is not a string"},
      {R"({"inputs": [], "outputs": [{"name": 1}]})", "outputs[0].name", "is not a string"},
      {R"({"inputs": [], "outputs": [{"name": "y", "parameters": {"classification": 0}}]})",
       "outputs[0].parameters[classification]", "expected >= 1"},
      {R"({"inputs": [], "outputs": [{"name": "y", "parameters": {"a": []}}]})",
       "outputs[0].parameters[a]", "no boolean, number or string"},
      {R"({"inputs": [], "parameters": []})", "parameters", "is not an object"},
      {R"({"inputs": [], "parameters": {"priority": -1}})", "parameters[priority]", "value >= 0"},
      {R"({"inputs": [], "parameters": {"sequence_id": 3}})", "parameters[sequence_id]",
       "stateful models"},
      {R"({"inputs": [], "parameters": {"triton_x": 3}})", "parameters[triton_x]", "reserved"},
      {R"({"inputs": [], "inputs": []})", "inputs", "is given twice"},
      {R"("datatype": "FP32", "data": [])", "inputs[0].shape", "is missing"},
      {R"("shape": 1, "datatype": "FP32", "data": [])", "inputs[0].shape", "is not an array"},
      {R"("shape": [-1], "datatype": "FP32", "data": [])", "inputs[0].shape", "whole numbers"},
      {R"("shape": [1.5], "datatype": "FP32", "data": [])", "inputs[0].shape", "whole numbers"},
      {R"("shape": [4294967296, 4294967296], "datatype": "FP32", "data": [])", "inputs[0].shape",
       "is too large"},
      {R"("shape": [1], "data": [1])", "inputs[0].datatype", "is missing"},
      {R"("shape": [1], "datatype": "FP31", "data": [1])", "inputs[0].datatype", "'FP31'"},
      {R"("shape": [1], "datatype": "FP32")", "inputs[0].data", "is missing"},
      {R"("shape": [1], "datatype": "FP32", "data": 1)", "inputs[0].data", "is not an array"},
      {R"("shape": [1], "datatype": "FP32", "data": {"a": 1})", "inputs[0].data", "an object"},
      {R"("shape": [1], "datatype": "FP32", "data": [{}])", "inputs[0].data", "an object"},
      {R"("shape": [1], "datatype": "FP32", "data": [1], "data": [2])", "inputs[0].data",
       "given twice"},
      {R"("shape": [1], "datatype": "FP32", "data": [1], "more": 1)", "inputs[0].more",
       "is not understood"},
      {R"("shape": [3], "datatype": "FP32", "data": [1, 2])", "inputs[0].data",
       "has 2 where there are 3 values in the shape [3]"},
      {R"("shape": [1], "datatype": "FP32", "data": [1, 2])", "inputs[0].data", "more than 1"},
      {R"("shape": [2, 3], "datatype": "FP32", "data": [[1,2],[3,4],[5,6]])", "inputs[0].data",
       "has the shape [3,2], and `shape` says [2,3]"},
      {R"("shape": [2, 2], "datatype": "FP32", "data": [[1,2,3],[4]])", "inputs[0].data", "uneven"},
      {R"("shape": [2, 2], "datatype": "FP32", "data": [1, [2, 3], 4])", "inputs[0].data",
       "uneven"},
      {R"("shape": [2, 1], "datatype": "FP32", "data": [[], 1])", "inputs[0].data", "uneven"},
      {R"("shape": [1], "datatype": "FP32", "data": [[1]])", "inputs[0].data", "deeper"},
      {R"("shape": [2], "datatype": "FP32", "data": [1, "two"])", "inputs[0].data[1]",
       "'two' is not a value of FP32"},
      {R"("shape": [1], "datatype": "FP32", "data": [null])", "inputs[0].data[0]", "null is not"},
      {R"("shape": [1], "datatype": "FP32", "data": [true])", "inputs[0].data[0]", "true is not"},
      {R"("shape": [1], "datatype": "FP32", "data": [1e39])", "inputs[0].data[0]", "FP32"},
      {R"("shape": [1], "datatype": "FP32", "data": [3.4028236e38])", "inputs[0].data[0]", "FP32"},
      {R"("shape": [1], "datatype": "FP16", "data": [65520])", "inputs[0].data[0]", "FP16"},
      {R"("shape": [1], "datatype": "INT8", "data": [128])", "inputs[0].data[0]", "128 is not"},
      {R"("shape": [1], "datatype": "INT32", "data": [1.0])", "inputs[0].data[0]", "INT32"},
      {R"("shape": [1], "datatype": "UINT8", "data": [-1])", "inputs[0].data[0]", "-1 is not"},
      {R"("shape": [1], "datatype": "BOOL", "data": [1])", "inputs[0].data[0]", "BOOL"},
      {R"("shape": [1], "datatype": "BYTES", "data": [1])", "inputs[0].data[0]", "BYTES"},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string text = mistake.text[0] == '"' ? Input(mistake.text) : mistake.text;
    InferRequest request;
    const absl::Status status = DecodeRestRequest(text, request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(FieldOf(status), mistake.field) << text << ": " << status;
    EXPECT_NE(status.message().find(mistake.part), absl::string_view::npos) << text << status;
  }
}

TEST(RestRequest, SaysThatTensorsElsewhereAreNotTaken) {
  for (const char* text :
       {R"({"inputs": [{"name": "x", "parameters": {"shared_memory_region": "r"}}]})",
        R"({"inputs": [{"name": "x", "parameters": {"binary_data_size": 4}}]})",
        R"({"inputs": [], "outputs": [{"name": "y", "parameters": {"binary_data": true}}]})",
        R"({"inputs": [], "parameters": {"binary_data_output": true}})"}) {
    InferRequest request;
    EXPECT_EQ(DecodeRestRequest(text, request).code(), absl::StatusCode::kUnimplemented) << text;
  }
}

TEST(RestRequest, IsNotMadeToHoardWhatItDoesNotUse) {
  // As a tree of values each of these would take a hundred times its own size. That it is not made
  // shows in what is said of them: those that nest deeply are too many values as well.
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const std::string wide =
      absl::StrCat("[", absl::StrReplaceAll(deep, {{"[", "1,"}, {"]", ""}}), "1]");
  const std::pair<std::string, std::string> texts[] = {
      {std::string(200'000, '['), "is not JSON"},
      {absl::StrCat(R"({"id": )", deep, "}"), "id is not a string"},
      {absl::StrCat(R"({"parameters": {"a": )", deep, R"(}, "inputs": []})"), "no boolean"},
      {absl::StrCat(R"({"inputs": [], "outputs": )", deep, "}"), "outputs[0] is not an object"},
      {Input(absl::StrCat(R"("shape": [1], "datatype": "FP32", "data": )", deep)),
       "is nested deeper than the shape"},
      {absl::StrCat(R"({"id": )", wide, "}"), "more than 100000 values besides its data"},
      {Input(absl::StrCat(R"("shape": [1], "datatype": "FP32", "data": )", wide)), "more than 1 "},
  };
  for (const auto& [text, part] : texts) {
    InferRequest request;
    const absl::Status status = DecodeRestRequest(text, request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << part;
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << part << ": " << status;
  }
}

}  // namespace
}  // namespace tournant
