#include "rpc/request_parameters.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "rpc/infer_codec.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;

ModelInferRequest Request() {
  ModelInferRequest message;
  message.set_model_name("m");
  for (const char* name : {"a", "b"}) {
    auto& input = *message.add_inputs();
    input.set_name(name);
    input.set_datatype("FP32");
    input.add_shape(1);
    message.add_raw_input_contents("1234");
  }
  message.add_outputs()->set_name("y");
  message.add_outputs()->set_name("z");
  return message;
}

absl::Status Decode(ModelInferRequest message) {
  InferRequest request;
  return DecodeRequest(message, request);
}

TEST(RequestParameters, ReadsHowManyClassesAnOutputIsToShow) {
  ModelInferRequest message = Request();
  (*message.mutable_outputs(1)->mutable_parameters())["classification"].set_int64_param(3);
  InferRequest request;
  ASSERT_TRUE(DecodeRequest(message, request).ok());
  ASSERT_EQ(request.outputs.size(), 2u);
  EXPECT_EQ(request.outputs[0].name, "y");
  EXPECT_EQ(request.outputs[0].classes, 0);
  EXPECT_EQ(request.outputs[1].name, "z");
  EXPECT_EQ(request.outputs[1].classes, 3);
}

TEST(RequestParameters, RefusesANumberOfClassesBelowOneOrOfAnotherType) {
  const auto refused = [](const auto& set) {
    ModelInferRequest message = Request();
    set((*message.mutable_outputs(1)->mutable_parameters())["classification"]);
    const absl::Status status = Decode(message);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(status), "outputs[1].parameters[classification]");
    return std::string(status.message());
  };
  const std::string below = "invalid value for 'classification' parameter, expected >= 1";
  EXPECT_EQ(refused([](auto& classes) { classes.set_int64_param(0); }), below);
  EXPECT_EQ(refused([](auto& classes) { classes.set_int64_param(-2); }), below);
  const std::string type =
      "invalid value type for 'classification' parameter, expected int64_param";
  EXPECT_EQ(refused([](auto& classes) { classes.set_string_param("3"); }), type);
  EXPECT_EQ(refused([](auto& classes) { classes.set_uint64_param(3); }), type);
}

TEST(RequestParameters, RefusesSharedMemoryEvenWithoutContents) {
  ModelInferRequest input = Request();
  input.mutable_raw_input_contents()->RemoveLast();  // As its clients send it.
  (*input.mutable_inputs(1)->mutable_parameters())["shared_memory_region"].set_string_param("r");
  EXPECT_EQ(Decode(input).code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(Decode(input).message(),
            "Client shared memory is disabled: inputs[1].parameters[shared_memory_region]");
  ModelInferRequest output = Request();
  (*output.mutable_outputs(0)->mutable_parameters())["shared_memory_region"].set_string_param("r");
  EXPECT_EQ(Decode(output).message(),
            "Client shared memory is disabled: outputs[0].parameters[shared_memory_region]");
}

TEST(RequestParameters, RefusesSequencesOfStatefulModels) {
  const auto refused = [](const char* name, const auto& set) {
    ModelInferRequest message = Request();
    set((*message.mutable_parameters())[name]);
    EXPECT_EQ(Decode(message).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Decode(message).message(), "stateful models are not supported");
    return FieldOf(Decode(message));
  };
  EXPECT_EQ(refused("sequence_id", [](auto& parameter) { parameter.set_int64_param(7); }),
            "parameters[sequence_id]");
  EXPECT_EQ(refused("sequence_id", [](auto& parameter) { parameter.set_uint64_param(7); }),
            "parameters[sequence_id]");
  EXPECT_EQ(refused("sequence_id", [](auto& parameter) { parameter.set_string_param("s"); }),
            "parameters[sequence_id]");
  EXPECT_EQ(refused("sequence_start", [](auto& parameter) { parameter.set_bool_param(true); }),
            "parameters[sequence_start]");
  EXPECT_EQ(refused("sequence_end", [](auto& parameter) { parameter.set_bool_param(true); }),
            "parameters[sequence_end]");
}

// What a parameter of the request itself is refused with.
std::string Refused(const char* name, const std::function<void(inference::InferParameter&)>& set) {
  ModelInferRequest message = Request();
  set((*message.mutable_parameters())[name]);
  const absl::Status status = Decode(message);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), absl::StrCat("parameters[", name, "]"));
  return std::string(status.message());
}

// What is read of one.
InferRequest Read(const char* name, const std::function<void(inference::InferParameter&)>& set) {
  ModelInferRequest message = Request();
  set((*message.mutable_parameters())[name]);
  InferRequest request;
  const absl::Status status = DecodeRequest(message, request);
  EXPECT_TRUE(status.ok()) << status;
  return request;
}

TEST(RequestParameters, ReadsThePriorityAsEitherTypeOfInteger) {
  EXPECT_EQ(Read("priority", [](auto& value) { value.set_int64_param(2); }).priority, 2);
  EXPECT_EQ(Read("priority", [](auto& value) { value.set_uint64_param(3); }).priority, 3);
  EXPECT_EQ(Read("other", [](auto& value) { value.set_bool_param(true); }).priority, 0);
}

TEST(RequestParameters, RefusesAPriorityThatIsNoLevel) {
  EXPECT_EQ(Refused("priority", [](auto& value) { value.set_int64_param(-1); }),
            "invalid value for 'priority', expected value >= 0.");
  EXPECT_EQ(Refused("priority", [](auto& value) { value.set_uint64_param(~uint64_t{0}); }),
            "invalid value for 'priority', expected value <= 9223372036854775807.");
  EXPECT_EQ(Refused("priority", [](auto& value) { value.set_string_param("high"); }),
            "invalid value type for 'priority' parameter, expected int64_param or uint64_param.");
}

TEST(RequestParameters, ReadsTheTimeoutInMicroseconds) {
  EXPECT_EQ(Read("other", [](auto& value) { value.set_int64_param(7); }).timeout_us, 0);
  EXPECT_EQ(Read("timeout", [](auto& value) { value.set_int64_param(1500); }).timeout_us, 1500);
  EXPECT_EQ(Read("timeout", [](auto& value) { value.set_uint64_param(9); }).timeout_us, 9);
  EXPECT_EQ(Read("timeout", [](auto& value) { value.set_int64_param(0); }).timeout_us, 0);
}

TEST(RequestParameters, CutsATimeoutThatWouldOverflowAtADay) {
  constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Read("timeout", [](auto& value) { value.set_int64_param(kMost); }).timeout_us, kDay);
}

TEST(RequestParameters, RefusesATimeoutThatIsNegativeOrNoNumber) {
  EXPECT_EQ(Refused("timeout", [](auto& value) { value.set_int64_param(-1); }),
            "invalid value for 'timeout', expected value >= 0.");
  EXPECT_EQ(Refused("timeout", [](auto& value) { value.set_uint64_param(~uint64_t{0}); }),
            "invalid value for 'timeout', expected value <= 9223372036854775807.");
  EXPECT_EQ(Refused("timeout", [](auto& value) { value.set_string_param("1s"); }),
            "invalid value type for 'timeout' parameter, expected int64_param or uint64_param.");
}

TEST(RequestParameters, RefusesReservedNamesButTheOneThatClientsSend) {
  Read("triton_enable_empty_final_response", [](auto& value) { value.set_bool_param(true); });
  EXPECT_EQ(
      Refused("triton_enable_empty_final_response", [](auto& value) { value.set_int64_param(1); }),
      "invalid value type for 'triton_enable_empty_final_response' parameter, expected "
      "bool_param.");
  EXPECT_EQ(Refused("triton_secret", [](auto& value) { value.set_bool_param(true); }),
            "parameter keys starting with 'triton_' are reserved for Triton usage. Only the "
            "following keys starting with 'triton_' are allowed: "
            "triton_enable_empty_final_response");
}

TEST(RequestParameters, TakesCustomOnesOfTheTypesThatTritonTakes) {
  Read("mine", [](auto& value) { value.set_bool_param(true); });
  Read("mine", [](auto& value) { value.set_int64_param(1); });
  Read("mine", [](auto& value) { value.set_string_param("text"); });
  Read("mine", [](auto& value) { value.set_double_param(0.5); });
  const std::string type =
      "invalid value type for 'mine' parameter, expected int64_param, bool_param, string_param, or "
      "double_param.";
  EXPECT_EQ(Refused("mine", [](auto& value) { value.set_uint64_param(1); }), type);
  EXPECT_EQ(Refused("mine", [](auto&) {}), type);
}

TEST(RequestParameters, TakesParametersThatAskForNothingOrAreHints) {
  ModelInferRequest message = Request();
  auto& parameters = *message.mutable_parameters();
  parameters["sequence_id"].set_int64_param(0);
  parameters["sequence_start"].set_bool_param(false);
  parameters["sequence_end"];
  auto& output = *message.mutable_outputs(0)->mutable_parameters();
  output["shared_memory_region"].set_string_param("");
  output["binary_data"].set_bool_param(true);
  (*message.mutable_inputs(0)->mutable_parameters())["hint"].set_uint64_param(5);
  EXPECT_TRUE(Decode(message).ok()) << Decode(message);
}

}  // namespace
}  // namespace tournant
