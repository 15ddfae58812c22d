#include "models/prediction_log_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/config_text.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Parameter(const std::string& key, const std::string& value) {
  return absl::StrCat("parameters { key: \"prediction_log.", key, "\" value { string_value: \"",
                      value, "\" } }\n");
}

TEST(PredictionLogParameters, AreReadFromAModelsConfig) {
  std::vector<std::string> warnings;
  const ModelConfig config =
      Accepted(absl::StrCat(Parameter("mode", "sync"), Parameter("sample", "0.25"),
                            Parameter("slow_ms", "1.5"), Parameter("fields", "a, b"),
                            Parameter("hash", "b,request_id"), Parameter("max_tensor_bytes", "64")),
               &warnings);
  EXPECT_THAT(warnings, IsEmpty());
  const PredictionLogParameters read = ReadPredictionLogParameters(config.parameters);
  EXPECT_EQ(read.mode, LogMode::kSync);
  EXPECT_EQ(read.sample, 0.25);
  EXPECT_EQ(read.slow, std::chrono::microseconds(1500));
  EXPECT_THAT(read.fields.value(), ElementsAre("a", "b"));
  EXPECT_THAT(read.hashed, ElementsAre("b", "request_id"));
  EXPECT_EQ(read.max_tensor_bytes, 64);
}

TEST(PredictionLogParameters, KeepEverythingWhereAConfigSaysNothing) {
  const PredictionLogParameters read = ReadPredictionLogParameters({{"INFERENCE_MODE", "true"}});
  EXPECT_FALSE(read.mode || read.slow || read.fields || read.max_tensor_bytes);
  EXPECT_EQ(read.sample, 1);
  EXPECT_THAT(read.hashed, IsEmpty());
}

TEST(PredictionLogParameters, MayKeepNoFieldAtAll) {
  EXPECT_THAT(ReadPredictionLogParameters({{"prediction_log.fields", ""}}).fields.value(),
              IsEmpty());
}

TEST(PredictionLogParameters, ThatAreWrongAreRefusedWithTheirPlace) {
  EXPECT_THAT(RefusalOf(Parameter("mode", "best")),
              HasSubstr("3:1: parameters[prediction_log.mode] is 'best', none of best_effort, "
                        "reserve and sync"));
  EXPECT_THAT(RefusalOf(Parameter("sample", "1.1")),
              HasSubstr("parameters[prediction_log.sample] is '1.1', not a share from 0 to 1"));
  EXPECT_THAT(RefusalOf(Parameter("sample", "nan")), HasSubstr("not a share from 0 to 1"));
  EXPECT_THAT(RefusalOf(Parameter("slow_ms", "0")), HasSubstr("not milliseconds above 0"));
  EXPECT_THAT(RefusalOf(Parameter("hash", " ")), HasSubstr("names nothing"));
  EXPECT_THAT(RefusalOf(Parameter("max_tensor_bytes", "-1")),
              HasSubstr("not a whole number of bytes"));
  EXPECT_THAT(RefusalOf(Parameter("modes", "sync")),
              HasSubstr("parameters[prediction_log.modes] is none of prediction_log.mode, "
                        "prediction_log.sample, prediction_log.slow_ms, "));
}

}  // namespace
}  // namespace tournant
