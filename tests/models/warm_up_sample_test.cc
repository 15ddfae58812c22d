#include "models/warm_up_sample.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "models/model_config.h"

namespace tournant {
namespace {

ModelConfig TwoInputs() {
  ModelConfig config;
  config.inputs = {{"a", DataType::kInt64, {-1, 2}, false}, {"b", DataType::kBytes, {1}, true}};
  return config;
}
WarmUpSample SampleOf(std::map<std::string, WarmUpInput> inputs) {
  return {.name = "s", .inputs = std::move(inputs)};
}

TEST(WarmUpSample, MayLeaveOutAnOptionalInput) {
  EXPECT_TRUE(CheckWarmUpSample(SampleOf({{"a", {DataType::kInt64, {7, 2}}}}), TwoInputs()).ok());
}

TEST(WarmUpSample, HasTheModelsInputsWithTheirTypesAndShapes) {
  const auto refusal = [](std::map<std::string, WarmUpInput> inputs) {
    return std::string(CheckWarmUpSample(SampleOf(std::move(inputs)), TwoInputs()).message());
  };
  const WarmUpInput a{DataType::kInt64, {7, 2}};
  EXPECT_EQ(refusal({{"b", {DataType::kBytes, {1}}}}), "lacks input 'a', which the model needs");
  EXPECT_EQ(refusal({{"a", a}, {"c", a}}), "has input 'c', which the model has not");
  EXPECT_EQ(refusal({{"a", {DataType::kInt32, {7, 2}}}}),
            "gives input 'a' data_type INT32; the model's is INT64");
  EXPECT_EQ(refusal({{"a", {DataType::kInt64, {7, 3}}}}),
            "gives input 'a' dims [7,3]; the model's is [-1,2]");
  EXPECT_EQ(refusal({{"a", {DataType::kInt64, {2}}}}),
            "gives input 'a' dims [2]; the model's is [-1,2]");
}

}  // namespace
}  // namespace tournant
