#include "models/config_parameter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/config_text.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Kind = ConfigParameterRule::Kind;

std::string Parameter(const std::string& key, const std::string& value) {
  return absl::StrCat("parameters { key: \"", key, "\" value { string_value: \"", value,
                      "\" } }\n");
}

TEST(ConfigParameters, WithoutEffectWarnAndSayWhatHappens) {
  std::vector<std::string> warnings;
  const ModelConfig config = Accepted(
      absl::StrCat(Parameter("INFERENCE_MODE", "true"), Parameter("INTER_OP_THREAD_COUNT", "4"),
                   Parameter("ENABLE_WEIGHT_SHARING", "false"),
                   Parameter("TORCH_COMPILE_OPTIONAL_PARAMETERS", "{}")),
      &warnings);
  EXPECT_THAT(
      warnings,
      ElementsAre(
          "m/config.pbtxt:4:1: parameters[INTER_OP_THREAD_COUNT] has no effect: the threads "
          "between operations are a setting of the process, 1",
          "m/config.pbtxt:5:1: parameters[ENABLE_WEIGHT_SHARING] has no effect: all workers "
          "share one copy of the weights",
          "m/config.pbtxt:6:1: parameters[TORCH_COMPILE_OPTIONAL_PARAMETERS] has no effect: "
          "a TorchScript file is run as it is, not compiled"));
  EXPECT_THAT(config.parameters,
              ElementsAre(Pair("ENABLE_WEIGHT_SHARING", "false"), Pair("INFERENCE_MODE", "true"),
                          Pair("INTER_OP_THREAD_COUNT", "4"),
                          Pair("TORCH_COMPILE_OPTIONAL_PARAMETERS", "{}")));
}

TEST(ConfigParameters, ThatSayWhatHappensAnywayAreSilent) {
  for (const auto& [key, value] :
       {std::pair("INFERENCE_MODE", "True"), std::pair("INFERENCE_MODE", "1"),
        std::pair("ENABLE_JIT_PROFILING", "false"), std::pair("ENABLE_TENSOR_FUSER", "0"),
        std::pair("ENABLE_NVFUSER", "false"), std::pair("ENABLE_WEIGHT_SHARING", "true"),
        std::pair("ENABLE_CACHE_CLEANING", "false"), std::pair("DISABLE_CUDNN", "true"),
        std::pair("INTRA_OP_THREAD_COUNT", "4"), std::pair("INTER_OP_THREAD_COUNT", "1"),
        std::pair("NUM_THREADS", "4"), std::pair("NUM_INTEROP_THREADS", "1")}) {
    EXPECT_EQ(CheckConfigParameter(key, value).kind, Kind::kAsWritten) << key;
  }
}

TEST(ConfigParameters, TellHowManyThreadsShareAnOperation) {
  EXPECT_EQ(IntraOpThreads({}), 1);
  EXPECT_EQ(IntraOpThreads({{"INTRA_OP_THREAD_COUNT", "4"}}), 4);
  EXPECT_EQ(IntraOpThreads({{"NUM_THREADS", "2"}}), 2);
  EXPECT_EQ(IntraOpThreads({{"NUM_THREADS", "0"}}), 1) << "the server decides";
}

TEST(ConfigParameters, OfTritonsBackendAreNeverRefusedForWhatTheyAskFor) {
  for (const char* key : {"INFERENCE_MODE", "DISABLE_OPTIMIZED_EXECUTION", "ENABLE_JIT_PROFILING",
                          "ENABLE_JIT_EXECUTOR", "ENABLE_TENSOR_FUSER", "DISABLE_CUDNN",
                          "ENABLE_WEIGHT_SHARING", "ENABLE_CACHE_CLEANING", "ENABLE_NVFUSER"}) {
    for (const char* value : {"true", "false"}) {
      EXPECT_NE(CheckConfigParameter(key, value).kind, Kind::kRefused) << key << " " << value;
    }
  }
  EXPECT_EQ(CheckConfigParameter("ENABLE_JIT_EXECUTOR", "false").text,
            "has no effect: the executor is a setting of the process");
}

TEST(ConfigParameters, OfTheModelAloneAreCarriedOut) {
  for (const char* key : {kInferenceMode, kDisableOptimizedExecution}) {
    EXPECT_EQ(CheckConfigParameter(key, "true").kind, Kind::kAsWritten) << key;
    EXPECT_EQ(CheckConfigParameter(key, "FALSE").kind, Kind::kAsWritten) << key;
    EXPECT_TRUE(ConfigFlag({{key, "1"}}, key, false));
    EXPECT_FALSE(ConfigFlag({{key, "False"}}, key, true));
    EXPECT_TRUE(ConfigFlag({}, key, true));
  }
}

TEST(ConfigParameters, HaveValuesOfTheirKind) {
  EXPECT_THAT(RefusalOf(Parameter("INFERENCE_MODE", "yes")),
              HasSubstr("3:1: parameters[INFERENCE_MODE] is 'yes', neither true nor false"));
  EXPECT_THAT(RefusalOf(Parameter("NUM_THREADS", "two")),
              HasSubstr("parameters[NUM_THREADS] is 'two', not a whole number"));
  EXPECT_EQ(CheckConfigParameter("INTER_OP_THREAD_COUNT", "-1").kind, Kind::kRefused);
}

TEST(ConfigParameters, AreKnownAndGivenOnce) {
  EXPECT_THAT(
      RefusalOf(Parameter("INFERENCE_MOD", "true")),
      HasSubstr("3:1: parameters[INFERENCE_MOD] is none that Triton's PyTorch backend knows"));
  EXPECT_THAT(RefusalOf(absl::StrCat(Parameter("ENABLE_NVFUSER", "false"),
                                     Parameter("ENABLE_NVFUSER", "true"))),
              HasSubstr("4:1: parameters[ENABLE_NVFUSER] is given twice"));
}

}  // namespace
}  // namespace tournant
