#include "status/rest_answer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/status.h"

namespace tournant {
namespace {

using nlohmann::json;

template <class T>
Tensor Of(DataType type, std::vector<T> values) {
  return {type,
          {static_cast<int64_t>(values.size())},
          {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)}};
}

json Encoded(const InferAnswer& answer) {
  const absl::StatusOr<std::string> text = EncodeRestAnswer(answer, 1 << 20);
  EXPECT_TRUE(text.ok()) << text.status();
  return json::parse(*text);
}

TEST(RestAnswer, HoldsTheOutputsWithFlatData) {
  InferAnswer answer;
  answer.model = "m";
  answer.version = 3;
  answer.id = "a\"b";
  answer.outputs = {{"y", {DataType::kFp32, {1, 2}, std::string(8, '\0')}},
                    {"n", Of<int64_t>(DataType::kInt64, {-5, 9007199254740993})}};
  EXPECT_EQ(Encoded(answer), json::parse(R"({
    "model_name": "m", "model_version": "3", "id": "a\"b", "outputs": [
      {"name": "y", "datatype": "FP32", "shape": [1, 2], "data": [0, 0]},
      {"name": "n", "datatype": "INT64", "shape": [2], "data": [-5, 9007199254740993]}]})"));
}

TEST(RestAnswer, WritesEachTypeAsJsonHasIt) {
  std::string texts;
  AppendBytesElement("ä", texts);
  AppendBytesElement("\xff", texts);
  InferAnswer answer;
  answer.outputs = {{"f", Of<float>(DataType::kFp32, {0.1f, NAN, INFINITY, -INFINITY})},
                    {"h", Of<uint16_t>(DataType::kFp16, {0x3c00})},
                    {"b", Of<uint8_t>(DataType::kBool, {1, 0})},
                    {"s", {DataType::kBytes, {2}, texts}},
                    {"e", {DataType::kFp32, {0}, ""}}};
  const json outputs = Encoded(answer)["outputs"];
  EXPECT_EQ(outputs[0]["data"].dump(), R"([0.1,"NaN","Infinity","-Infinity"])");
  EXPECT_EQ(outputs[1]["data"], json::array({1}));
  EXPECT_EQ(outputs[2]["data"], json::array({true, false}));
  EXPECT_EQ(outputs[3]["data"], json::array({"ä", "\uFFFD"}));
  EXPECT_EQ(outputs[4]["data"], json::array());
}

TEST(RestAnswer, SaysWhereFeaturesCameFrom) {
  InferAnswer answer;
  answer.has_features = true;
  answer.features.live = 3;
  answer.features.defaulted = 1;
  answer.features.degraded = true;
  const json parameters = Encoded(answer)["parameters"];
  EXPECT_EQ(parameters["features_live"], 3);
  EXPECT_EQ(parameters["features_defaulted"], 1);
  EXPECT_EQ(parameters["degraded"], true);
}

TEST(RestAnswer, RefusesAnAnswerThatIsTooLarge) {
  InferAnswer answer;
  answer.outputs = {{"y", Of<float>(DataType::kFp32, std::vector<float>(1000, 1.25f))}};
  EXPECT_EQ(EncodeRestAnswer(answer, 1000).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(RestAnswer, TellsErrorsByTheirFieldWithTheCodeThatHttpHas) {
  const HttpResponse wrong = ErrorResponse(InvalidField("inputs[0].shape", "is odd"));
  EXPECT_EQ(wrong.code, 400);
  EXPECT_EQ(wrong.body, "{\"error\":\"inputs[0].shape: is odd\"}\n");
  EXPECT_TRUE(wrong.headers.empty());
  EXPECT_EQ(ErrorResponse(absl::NotFoundError("")).code, 404);
  EXPECT_EQ(ErrorResponse(absl::DeadlineExceededError("")).code, 504);
  EXPECT_EQ(ErrorResponse(absl::UnimplementedError("")).code, 501);
  EXPECT_EQ(ErrorResponse(absl::InternalError("")).code, 500);
}

TEST(RestAnswer, TellsARefusedCallerWhenToComeAgain) {
  using Header = std::pair<std::string, std::string>;
  const auto refused = [](std::chrono::milliseconds after) {
    return ErrorResponse(Overloaded("QUEUE_FULL", after, "full"));
  };
  EXPECT_EQ(refused(std::chrono::milliseconds(20)).code, 429);
  EXPECT_EQ(refused(std::chrono::milliseconds(20)).headers,
            std::vector<Header>({{"Retry-After", "1"}}));
  EXPECT_EQ(refused(std::chrono::milliseconds(2001)).headers,
            std::vector<Header>({{"Retry-After", "3"}}));
  EXPECT_TRUE(refused(kNever).headers.empty());
  const HttpResponse loading = ErrorResponse(absl::UnavailableError("loading"));
  EXPECT_EQ(loading.code, 503);
  EXPECT_EQ(loading.headers, std::vector<Header>({{"Retry-After", "1"}}));
}

}  // namespace
}  // namespace tournant
