#include "cpp/infer_arguments.h"

#include <string>
#include <vector>

#include "client/fake_inference_server.h"
#include "cpp/json_codec.h"
#include "cpp/tensor_codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelSignature Signature() {
  ModelSignature signature;
  signature.name = "m";
  signature.max_batch_size = 8;
  signature.inputs = {{"x", Datatype::kFp32, {1}, false},
                      {"name", Datatype::kBytes, {1}, true},
                      {"pair", Datatype::kInt64, {2}, true},
                      {"free", Datatype::kFp32, {-1}, true},
                      {"matrix", Datatype::kFp32, {-1, 3}, true}};
  signature.overrides = {{"plane:seats", Datatype::kFp64, {1}, true}};
  return signature;
}

std::string ArgumentError(const std::vector<std::string>& arguments) {
  return std::string(RequestFromArguments(Signature(), arguments).status().message());
}
std::string JsonError(const std::string& text) {
  return std::string(RequestFromJson(Signature(), text).status().message());
}

TEST(RequestFromArguments, FillsTensorsByTheirNames) {
  const auto request =
      RequestFromArguments(Signature(), {"x=1.5", "name=a,b=c", "plane:seats=149"});
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_EQ(request->inputs_size(), 3);
  EXPECT_THAT(FloatInput(*request, "x"), ElementsAre(1.5F));
  EXPECT_THAT(request->inputs(0).shape(), ElementsAre(1, 1));
  EXPECT_EQ(request->inputs(1).datatype(), "BYTES");
  EXPECT_EQ(request->raw_input_contents(1), std::string("\x05\0\0\0a,b=c", 9));
  EXPECT_EQ(request->inputs(2).datatype(), "FP64");
}

TEST(RequestFromArguments, MakesAsManyRowsAsThereAreElementsFor) {
  const auto request = RequestFromArguments(Signature(), {"x=1,2,3", "pair=1,2,3,4,5,6"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->inputs(0).shape(), ElementsAre(3, 1));
  EXPECT_THAT(request->inputs(1).shape(), ElementsAre(3, 2));
}

TEST(RequestFromArguments, TakesJsonArrays) {
  const auto request = RequestFromArguments(
      Signature(), {"x=[[1],[2]]", R"(name=["p, q","r"])", "matrix=[[1,2,3],[4,5,6]]"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(FloatInput(*request, "x"), ElementsAre(1, 2));
  EXPECT_THAT(request->inputs(1).shape(), ElementsAre(2, 1));
  EXPECT_THAT(request->inputs(2).shape(), ElementsAre(1, 2, 3));
}

TEST(RequestFromArguments, FillsADimensionOfAnySize) {
  const auto request = RequestFromArguments(Signature(), {"free=1,2,3,4"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->inputs(0).shape(), ElementsAre(1, 4));
}

TEST(RequestFromArguments, NamesWhatIsWrong) {
  EXPECT_EQ(ArgumentError({"y=1"}),
            "model 'm' has no input 'y'; it has: x, name (optional), pair (optional), free "
            "(optional), matrix (optional)");
  EXPECT_EQ(ArgumentError({"x"}), "'x' is not name=value");
  EXPECT_EQ(ArgumentError({"x=abc"}), "input 'x': 'abc' is not a value of FP32");
  EXPECT_EQ(ArgumentError({"pair=1,2,3"}), "input 'pair': 3 elements where a row has 2");
  EXPECT_EQ(ArgumentError({"x=1", "x=2"}), "input 'x': given twice");
  EXPECT_EQ(ArgumentError({"x=[[1],[2,3]]"}), "input 'x': arrays of uneven length, 1 and 2");
  EXPECT_EQ(ArgumentError({"matrix=1,2,3"}),
            "input 'matrix': write the value as nested JSON arrays of its full shape");
}

TEST(RequestFromJson, TakesNamesAndValues) {
  const auto request = RequestFromJson(Signature(), R"({"x": [1, 2], "name": ["a", "b"]})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(FloatInput(*request, "x"), ElementsAre(1, 2));
  EXPECT_THAT(request->inputs(1).shape(), ElementsAre(2, 1));
}

TEST(RequestFromJson, TakesTheRestForm) {
  const auto request = RequestFromJson(Signature(), R"({
      "id": "7", "parameters": {"timeout": 500, "flag": true, "text": "t", "real": 0.5},
      "outputs": [{"name": "y", "parameters": {"classification": 3}}, {"name": "z"}],
      "inputs": [{"name": "x", "datatype": "FP64", "shape": [2, 1], "data": [1, 2],
                  "parameters": {"binary_data": false, "note": "n"}},
                 {"name": "name", "data": [["a"], ["b"]]}]})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->id(), "7");
  EXPECT_EQ(request->parameters().at("timeout").int64_param(), 500);
  EXPECT_TRUE(request->parameters().at("flag").bool_param());
  EXPECT_EQ(request->parameters().at("text").string_param(), "t");
  EXPECT_EQ(request->parameters().at("real").double_param(), 0.5);
  EXPECT_EQ(request->outputs(0).name(), "y");
  EXPECT_EQ(request->outputs(0).parameters().at("classification").int64_param(), 3);
  EXPECT_TRUE(request->outputs(1).parameters().empty());
  EXPECT_TRUE(request->inputs(0).parameters().at("binary_data").has_bool_param());
  EXPECT_EQ(request->inputs(0).parameters().at("note").string_param(), "n");
  EXPECT_TRUE(request->inputs(1).parameters().empty());
  EXPECT_EQ(request->inputs(0).datatype(), "FP64");
  EXPECT_EQ(request->raw_input_contents(0).size(), 16U);
  EXPECT_THAT(request->inputs(1).shape(), ElementsAre(2, 1));
}

TEST(RequestFromJson, NamesWhatIsWrong) {
  EXPECT_THAT(JsonError("{"), HasSubstr("not JSON"));
  EXPECT_EQ(JsonError("[1]"), "the JSON is not an object");
  EXPECT_EQ(JsonError(R"({"x": null})"), "input 'x': 'null' is not a value of FP32");
  EXPECT_EQ(JsonError(R"({"x": "1"})"), "input 'x': '\\\"1\\\"' is not a value of FP32");
  EXPECT_EQ(JsonError(R"({"x": true})"), "input 'x': 'true' is not a value of FP32");
  EXPECT_EQ(JsonError(R"({"x": [1, [2]]})"), "input 'x': arrays of uneven depth");
  EXPECT_EQ(JsonError(R"({"name": 5})"), "input 'name': '5' is not a value of BYTES");
  EXPECT_EQ(JsonError(R"({"pair": [1, 2.5]})"), "input 'pair': '2.5' is not a value of INT64");
  EXPECT_EQ(JsonError(R"({"inputs": [{"name": "x", "datatype": "F", "data": [1]}]})"),
            "input 'x': unknown datatype");
  EXPECT_THAT(JsonError(R"({"x": )" + std::string(100'000, '[') + std::string(100'000, ']') + "}"),
              HasSubstr("nested too deep"));
}

TEST(RequestFromJson, NamesThePlaceOfWhatIsWrongInTheRestForm) {
  EXPECT_EQ(JsonError(R"({"inputs": 1})"), "inputs is not an array");
  EXPECT_EQ(JsonError(R"({"inputs": [1]})"), "inputs[0] is not an object");
  EXPECT_EQ(JsonError(R"({"inputs": [{"name": "x"}]})"), "inputs[0].data is missing");
  EXPECT_EQ(JsonError(R"({"inputs": [{"name": 1, "data": 1}]})"), "inputs[0].name is not a string");
  EXPECT_EQ(JsonError(R"({"inputs": [{"name": "x", "data": [1], "shape": {"a": 1}}]})"),
            "inputs[0].shape is not a list of whole numbers");
  EXPECT_EQ(JsonError(R"({"inputs": [], "id": 7})"), "id is not a string");
  EXPECT_EQ(JsonError(R"({"inputs": [], "parameters": []})"), "parameters is not an object");
  EXPECT_EQ(JsonError(R"({"inputs": [], "parameters": {"a": [1]}})"),
            "parameters.a is no boolean, number or string, as a parameter is");
  EXPECT_EQ(JsonError(R"({"inputs": [], "parameters": {"a": 9223372036854775808}})"),
            "parameters.a is a whole number above 9223372036854775807");
  EXPECT_EQ(JsonError(R"({"inputs": [], "outputs": [{"name": "y"}, {"name": "z",
                          "parameters": {"classification": null}}]})"),
            "outputs[1].parameters.classification is no boolean, number or string, as a parameter "
            "is");
}

TEST(RequestFromJson, RefusesUnknownKeysAtEveryLevelOfTheRestForm) {
  EXPECT_EQ(JsonError(R"({"inputs": [], "input": 1})"),
            "input is not understood; what is: id, parameters, inputs, outputs");
  EXPECT_EQ(JsonError(R"({"inputs": [{"name": "x", "data": [1]}, {"name": "name", "datum": 1}]})"),
            "inputs[1].datum is not understood; what is: name, datatype, shape, parameters, data");
  EXPECT_EQ(JsonError(R"({"inputs": [], "outputs": [{"name": "y", "classification": 3}]})"),
            "outputs[0].classification is not understood; what is: name, parameters");
}

TEST(JsonCodec, ShowsTheParametersOfAnAnswerAndOfItsOutputs) {
  inference::ModelInferResponse response;
  (*response.mutable_parameters())["degraded"].set_bool_param(false);
  auto* output = response.add_outputs();
  output->set_name("y");
  output->set_datatype("BYTES");
  output->add_shape(0);
  (*output->mutable_parameters())["b"].set_int64_param(3);
  (*output->mutable_parameters())["a"].set_string_param("t");
  response.add_raw_output_contents("");
  EXPECT_EQ(WriteJson((*ResponseToJson(response))["parameters"], false), R"({"degraded":false})");
  EXPECT_EQ(WriteJson((*ResponseToJson(response))["outputs"][0]["parameters"], false),
            R"({"a":"t","b":3})");
}

TEST(JsonCodec, WritesNumbersOfTheirWidthAndWhatJsonCannot) {
  const auto json_of = [](Datatype type, absl::string_view text) {
    std::string raw;
    EXPECT_TRUE(AppendElement(type, text, raw).ok());
    absl::string_view rest = raw;
    return WriteJson(TakeJsonElement(type, rest), false);
  };
  EXPECT_EQ(json_of(Datatype::kFp32, "0.1"), "0.1");
  EXPECT_EQ(json_of(Datatype::kFp32, "nan"), "\"NaN\"");
  EXPECT_EQ(json_of(Datatype::kFp64, "-inf"), "\"-Infinity\"");
  EXPECT_EQ(json_of(Datatype::kInt64, "9007199254740993"), "9007199254740993");
  EXPECT_EQ(json_of(Datatype::kBool, "1"), "true");
  EXPECT_EQ(json_of(Datatype::kBytes, "a\"b\xff"), "\"a\\\"b\xef\xbf\xbd\"");
}

TEST(JsonCodec, TakesTheSpecialNumbersOnlyAsFloatingPoint) {
  std::string raw;
  EXPECT_TRUE(AppendJsonElement(Datatype::kFp32, "NaN", raw).ok());
  EXPECT_TRUE(AppendJsonElement(Datatype::kFp64, "-Infinity", raw).ok());
  EXPECT_FALSE(AppendJsonElement(Datatype::kInt64, "NaN", raw).ok());
  EXPECT_EQ(raw.size(), 12U);
}

}  // namespace
}  // namespace tournant::client
