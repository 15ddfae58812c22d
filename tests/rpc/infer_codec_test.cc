#include "rpc/infer_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/status.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelInferRequest::InferInputTensor& AddInput(ModelInferRequest& message, const std::string& name,
                                              const std::string& datatype,
                                              std::vector<int64_t> shape) {
  ModelInferRequest::InferInputTensor& input = *message.add_inputs();
  input.set_name(name);
  input.set_datatype(datatype);
  for (const int64_t dim : shape) input.add_shape(dim);
  return input;
}

ModelInferRequest Request() {
  ModelInferRequest message;
  message.set_model_name("m");
  return message;
}

template <class T>
std::vector<T> Values(const std::string& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void ExpectRefused(ModelInferRequest message, const std::string& field, const std::string& text) {
  InferRequest request;
  const absl::Status status = DecodeRequest(message, request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), field);
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST(InferCodec, MovesRawContentsInOrderOfTheInputs) {
  ModelInferRequest message = Request();
  message.set_model_version("3");
  message.set_id("call-7");
  AddInput(message, "a", "FP32", {1, 2});
  AddInput(message, "b", "BYTES", {1});
  message.add_raw_input_contents("12345678");
  message.add_raw_input_contents(std::string("\1\0\0\0x", 5));
  message.add_outputs()->set_name("y");

  InferRequest request;
  ASSERT_TRUE(DecodeRequest(message, request).ok());
  EXPECT_EQ(request.model, "m");
  EXPECT_EQ(request.version, "3");
  EXPECT_EQ(request.id, "call-7");
  ASSERT_EQ(request.inputs.size(), 2u);
  EXPECT_EQ(request.inputs[0].name, "a");
  EXPECT_EQ(request.inputs[0].tensor.type, DataType::kFp32);
  EXPECT_THAT(request.inputs[0].tensor.shape, ElementsAre(1, 2));
  EXPECT_EQ(request.inputs[0].tensor.bytes, "12345678");
  EXPECT_EQ(request.inputs[1].tensor.bytes, std::string("\1\0\0\0x", 5));
  ASSERT_EQ(request.outputs.size(), 1u);
  EXPECT_EQ(request.outputs[0].name, "y");
}

TEST(InferCodec, TurnsEveryTypedListIntoRawBytes) {
  ModelInferRequest message = Request();
  auto& flags = AddInput(message, "bool", "BOOL", {2});
  flags.mutable_contents()->add_bool_contents(true);
  flags.mutable_contents()->add_bool_contents(false);
  AddInput(message, "int8", "INT8", {2}).mutable_contents()->add_int_contents(-5);
  AddInput(message, "int16", "INT16", {1}).mutable_contents()->add_int_contents(-300);
  AddInput(message, "int32", "INT32", {1}).mutable_contents()->add_int_contents(-70'000);
  AddInput(message, "int64", "INT64", {1})
      .mutable_contents()
      ->add_int64_contents(int64_t{-1} << 40);
  AddInput(message, "uint8", "UINT8", {1}).mutable_contents()->add_uint_contents(200);
  AddInput(message, "uint16", "UINT16", {1}).mutable_contents()->add_uint_contents(60'000);
  AddInput(message, "uint32", "UINT32", {1}).mutable_contents()->add_uint_contents(4'000'000'000u);
  AddInput(message, "uint64", "UINT64", {1}).mutable_contents()->add_uint64_contents(~uint64_t{0});
  AddInput(message, "fp32", "FP32", {1}).mutable_contents()->add_fp32_contents(1.5f);
  AddInput(message, "fp64", "FP64", {1}).mutable_contents()->add_fp64_contents(-2.25);
  AddInput(message, "bytes", "BYTES", {1}).mutable_contents()->add_bytes_contents("hi");

  InferRequest request;
  ASSERT_TRUE(DecodeRequest(message, request).ok());
  const auto bytes = [&](size_t i) { return request.inputs[i].tensor.bytes; };
  EXPECT_EQ(bytes(0), std::string("\1\0", 2));
  EXPECT_THAT(Values<int8_t>(bytes(1)), ElementsAre(-5));
  EXPECT_THAT(Values<int16_t>(bytes(2)), ElementsAre(-300));
  EXPECT_THAT(Values<int32_t>(bytes(3)), ElementsAre(-70'000));
  EXPECT_THAT(Values<int64_t>(bytes(4)), ElementsAre(int64_t{-1} << 40));
  EXPECT_THAT(Values<uint8_t>(bytes(5)), ElementsAre(200));
  EXPECT_THAT(Values<uint16_t>(bytes(6)), ElementsAre(60'000));
  EXPECT_THAT(Values<uint32_t>(bytes(7)), ElementsAre(4'000'000'000u));
  EXPECT_THAT(Values<uint64_t>(bytes(8)), ElementsAre(~uint64_t{0}));
  EXPECT_THAT(Values<float>(bytes(9)), ElementsAre(1.5f));
  EXPECT_THAT(Values<double>(bytes(10)), ElementsAre(-2.25));
  EXPECT_EQ(bytes(11), std::string("\2\0\0\0hi", 6));
}

TEST(InferCodec, RefusesAValueThatDoesNotFitItsType) {
  ModelInferRequest message = Request();
  AddInput(message, "a", "INT8", {1}).mutable_contents()->add_int_contents(128);
  ExpectRefused(message, "inputs[0].contents",
                "a value of input 'a' for model 'm' does not fit datatype 'INT8'");
}

TEST(InferCodec, RefusesAListThatBelongsToAnotherType) {
  ModelInferRequest message = Request();
  AddInput(message, "a", "FP32", {1}).mutable_contents()->add_fp64_contents(1);
  ExpectRefused(
      message, "inputs[0].contents",
      "unexpected explicit tensor data for input tensor 'a' for model 'm' of type 'FP64', "
      "expected datatype 'FP32'");
}

TEST(InferCodec, RefusesTwoListsInOneTensor) {
  ModelInferRequest message = Request();
  auto& input = AddInput(message, "a", "FP32", {1});
  input.mutable_contents()->add_fp32_contents(1);
  input.mutable_contents()->add_int_contents(1);
  ExpectRefused(
      message, "inputs[0].contents",
      "unexpected explicit tensor data for input tensor 'a' for model 'm' of type 'INT32', "
      "expected datatype 'FP32'");
}

TEST(InferCodec, NamesTheForeignListBesideOneOfNarrowIntegers) {
  ModelInferRequest message = Request();
  auto& input = AddInput(message, "a", "UINT8", {1});
  input.mutable_contents()->add_uint_contents(1);
  input.mutable_contents()->add_bytes_contents("1");
  ExpectRefused(message, "inputs[0].contents", "of type 'BYTES', expected datatype 'UINT8'");
}

TEST(InferCodec, RefusesHalfFloatsThatAreNotRaw) {
  ModelInferRequest message = Request();
  auto& input = AddInput(message, "a", "FP16", {1});
  input.mutable_contents();
  ExpectRefused(
      message, "inputs[0].contents",
      "unable to find data for input tensor 'a' for model 'm' in request; datatype 'FP16' "
      "must be given in raw_input_contents");
  input.mutable_contents()->add_fp32_contents(1);
  ExpectRefused(message, "inputs[0].contents",
                "of type 'FP32', expected datatype 'FP16'; datatype 'FP16' must be given in "
                "raw_input_contents");
}

TEST(InferCodec, RefusesContentsBesideRawContents) {
  ModelInferRequest message = Request();
  AddInput(message, "a", "FP32", {1}).mutable_contents()->add_fp32_contents(1);
  message.add_raw_input_contents("1234");
  ExpectRefused(message, "inputs[0].contents",
                "contents field must not be specified when using raw_input_contents for 'a' for "
                "model 'm'");
}

TEST(InferCodec, RefusesSurplusAndMissingRawContents) {
  ModelInferRequest message = Request();
  AddInput(message, "a", "FP32", {1});
  message.add_raw_input_contents("1234");
  message.add_raw_input_contents("1234");
  ExpectRefused(message, "raw_input_contents", "expected 1 raw input contents but got 2");
  message.clear_raw_input_contents();
  message.add_raw_input_contents("1234");
  AddInput(message, "b", "FP32", {1});
  ExpectRefused(message, "inputs[1].contents",
                "unable to find data for input tensor 'b' for model 'm' in request.");
}

TEST(InferCodec, RefusesAnInputWithoutData) {
  ModelInferRequest message = Request();
  AddInput(message, "a", "FP32", {1});
  ExpectRefused(message, "inputs[0].contents",
                "unable to find data for input tensor 'a' for model 'm' in request");
}

TEST(InferCodec, RefusesAnUnknownDatatype) {
  ModelInferRequest message = Request();
  AddInput(message, "a", "FLOAT", {1}).mutable_contents()->add_fp32_contents(1);
  ExpectRefused(message, "inputs[0].datatype", "unknown datatype 'FLOAT' for input 'a'");
}

TEST(InferCodec, AcceptsAnEmptyTensorWithoutContents) {
  ModelInferRequest message = Request();
  AddInput(message, "a", "FP32", {0, 4});
  InferRequest request;
  ASSERT_TRUE(DecodeRequest(message, request).ok());
  EXPECT_TRUE(request.inputs[0].tensor.bytes.empty());
}

TEST(InferCodec, AnswersWithOneRawEntryPerOutput) {
  auto version = std::make_shared<ModelVersion>();
  version->name = "m";
  version->version = 4;
  Prediction prediction;
  prediction.version = version;
  prediction.request.id = "call-7";
  prediction.outputs.push_back({"y", {DataType::kInt64, {2, 1}, std::string(16, 'v')}});
  prediction.outputs.push_back({"empty", {DataType::kFp32, {0, 1}, ""}});

  ModelInferResponse message;
  EncodeAnswer(prediction, message);
  EXPECT_EQ(message.model_name(), "m");
  EXPECT_EQ(message.model_version(), "4");
  EXPECT_EQ(message.id(), "call-7");
  ASSERT_EQ(message.outputs_size(), 2);
  EXPECT_EQ(message.outputs(0).name(), "y");
  EXPECT_EQ(message.outputs(0).datatype(), "INT64");
  EXPECT_THAT(message.outputs(0).shape(), ElementsAre(2, 1));
  EXPECT_THAT(message.raw_output_contents(), ElementsAre(std::string(16, 'v'), ""));
  EXPECT_TRUE(message.parameters().empty());

  const std::vector<NamedTensor> taken = TakeOutputs(message);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].name, "y");
  EXPECT_EQ(taken[0].tensor.type, DataType::kInt64);
  EXPECT_EQ(taken[0].tensor.bytes, std::string(16, 'v'));
}

TEST(InferCodec, SaysWhereFeaturesCameFrom) {
  auto version = std::make_shared<ModelVersion>();
  Prediction prediction;
  prediction.version = version;
  prediction.has_features = true;
  prediction.features = {{.live = 5, .cached = 1, .stale = 2, .defaulted = 3, .from_request = 4}};
  prediction.features.oldest_age_ms = 1234;
  prediction.features.degraded = true;
  ModelInferResponse message;
  EncodeAnswer(prediction, message);
  EXPECT_EQ(message.parameters().at("features_live").int64_param(), 5);
  EXPECT_EQ(message.parameters().at("features_cached").int64_param(), 1);
  EXPECT_EQ(message.parameters().at("features_stale").int64_param(), 2);
  EXPECT_EQ(message.parameters().at("features_defaulted").int64_param(), 3);
  EXPECT_EQ(message.parameters().at("features_from_request").int64_param(), 4);
  EXPECT_EQ(message.parameters().at("oldest_feature_age_ms").int64_param(), 1234);
  EXPECT_TRUE(message.parameters().at("degraded").bool_param());
}

TEST(InferCodec, LeavesNothingOfAnEarlierAnswer) {
  auto earlier_version = std::make_shared<ModelVersion>();
  earlier_version->name = "earlier";
  earlier_version->version = 12;
  Prediction earlier;
  earlier.version = earlier_version;
  earlier.request.id = "call-1";
  earlier.outputs.push_back({"a", {DataType::kInt64, {2, 1}, std::string(16, 'a')}});
  earlier.outputs.push_back({"b", {DataType::kFp32, {1, 2, 3}, std::string(24, 'b')}});
  earlier.has_features = true;
  earlier.features.live = 5;
  earlier.features.oldest_age_ms = 1234;
  earlier.features.degraded = true;
  ModelInferResponse message;
  EncodeAnswer(earlier, message);
  ASSERT_EQ(message.outputs_size(), 2);

  auto version = std::make_shared<ModelVersion>();
  version->name = "m";
  version->version = 4;
  const auto answer = [&version](std::vector<NamedTensor> outputs) {
    Prediction prediction;
    prediction.version = version;
    prediction.outputs = std::move(outputs);
    return prediction;
  };
  const std::vector<NamedTensor> one = {{"y", {DataType::kFp64, {1}, std::string(8, 'y')}}};
  const std::vector<NamedTensor> two = {{"y", {DataType::kFp64, {1}, std::string(8, 'y')}},
                                        {"z", {DataType::kBool, {2}, std::string(2, 'z')}}};
  for (const std::vector<NamedTensor>& outputs : {one, two, {}}) {
    Prediction again = answer(outputs);
    Prediction once = answer(outputs);
    ModelInferResponse fresh;
    EncodeAnswer(once, fresh);
    EncodeAnswer(again, message);
    EXPECT_EQ(message.DebugString(), fresh.DebugString());
  }
}

}  // namespace
}  // namespace tournant
