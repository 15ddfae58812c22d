#include "models/config_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "models/completed_config.h"
#include "models/config_text.h"

namespace tournant {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

TEST(ConfigParser, TakesNameAndDefaultsFromElsewhere) {
  const ModelConfig config = Accepted("");
  EXPECT_EQ(config.name, "m");
  EXPECT_EQ(config.platform, "pytorch_libtorch");
  EXPECT_EQ(config.model_filename, "model.pt");
  EXPECT_EQ(config.max_batch_size, 0);
  EXPECT_EQ(config.max_concurrency, 0);
  EXPECT_EQ(config.version_policy.kind, VersionPolicy::Kind::kLatest);
  EXPECT_EQ(config.version_policy.latest, 1);
  EXPECT_EQ(config.batching.default_policy.max_queue_size, 0);
  EXPECT_THAT(config.warm_up, IsEmpty());
}

TEST(ConfigParser, NamesTheLineAndColumnOfAnUnknownField) {
  EXPECT_EQ(RefusalOf("  max_batch: 8"),
            "m/config.pbtxt:3:12: Message type \"inference.ModelConfig\" has no field named "
            "\"max_batch\".");
  EXPECT_EQ(RefusalOfWhole("input {\n  nam: \"x\" }"),
            "m/config.pbtxt:2:6: Message type \"inference.ModelInput\" has no field named "
            "\"nam\".");
}

TEST(ConfigParser, NamesTheLineAndColumnOfABadValue) {
  EXPECT_THAT(RefusalOf("input { data_type: TYPE_FLOAT dims: 1 }"),
              HasSubstr("m/config.pbtxt:3:31: Unknown enumeration value of \"TYPE_FLOAT\""));
  EXPECT_THAT(RefusalOf("max_batch_size: \"8\""), HasSubstr("m/config.pbtxt:3:17: "));
  EXPECT_THAT(RefusalOf("max_batch_size: 1 max_batch_size: 2"), HasSubstr("specified multiple"));
  EXPECT_EQ(RefusalOf("max_batch_size: -1"), "m/config.pbtxt:3:1: max_batch_size is negative");
}

TEST(ConfigParser, RefusesTextThatIsNoTextProto) {
  EXPECT_THAT(RefusalOfWhole("{\"name\": \"m\"}"), HasSubstr("m/config.pbtxt:1:1: "));
  EXPECT_THAT(RefusalOfWhole(std::string("\0\1\2", 3)), HasSubstr("m/config.pbtxt:1:"));
  EXPECT_THAT(RefusalOfWhole("input { name: \"x\""), HasSubstr("m/config.pbtxt:1:"));
}

TEST(ConfigParser, CutsAndEscapesWhatItQuotes) {
  const std::string refusal = RefusalOfWhole(std::string(100'000, 'a') + "\n: 1");
  EXPECT_LT(refusal.size(), 500u);
  EXPECT_THAT(RefusalOf("name: \"a\\nb\""), HasSubstr("name is 'a\\nb', but"));
}

TEST(ConfigParser, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(RefusalOf("input { name: \"\\377\" data_type: TYPE_FP32 dims: 1 }"),
            "m/config.pbtxt:3:9: input[1].name is not UTF-8: '\\377'");
  EXPECT_THAT(RefusalOf("parameters { key: \"\\377\" value { string_value: \"1\" } }"),
              HasSubstr("is not UTF-8"));
  EXPECT_THAT(RefusalOf("parameters { key: \"NUM_THREADS\" value { string_value: \"\\377\" } }"),
              HasSubstr("3:41: parameters[NUM_THREADS].string_value is not UTF-8"));
  EXPECT_EQ(RefusalOf("cc_model_filenames { key: \"7.5\" value: \"\\377\" }"),
            "m/config.pbtxt:3:1: cc_model_filenames[7.5] is not UTF-8: '\\377'");
}

TEST(ConfigParser, TheNameIsTheDirectorysName) {
  Accepted("name: \"m\"");
  EXPECT_EQ(RefusalOf("name: \"other\""),
            "m/config.pbtxt:3:1: name is 'other', but the directory is 'm'");
}

TEST(ConfigParser, OnlyPyTorchIsServed) {
  EXPECT_EQ(Accepted("platform: \"pytorch_torchscript\"").platform, "pytorch_libtorch");
  EXPECT_EQ(Accepted("backend: \"pytorch\"").platform, "pytorch_libtorch");
  EXPECT_EQ(RefusalOf("platform: \"onnxruntime_onnx\""),
            "m/config.pbtxt:3:1: platform 'onnxruntime_onnx' is not supported; it has to be "
            "pytorch_libtorch");
  EXPECT_EQ(RefusalOf("backend: \"python\""),
            "m/config.pbtxt:3:1: backend 'python' is not supported; it has to be pytorch");
}

TEST(ConfigParser, TheModelFileIsInTheVersionsFolder) {
  EXPECT_EQ(Accepted("default_model_filename: \"net.pt\"").model_filename, "net.pt");
  for (const char* name : {"../x.pt", "/etc/passwd", "..", "."}) {
    EXPECT_EQ(RefusalOf(absl::StrCat("default_model_filename: \"", name, "\"")),
              "m/config.pbtxt:3:1: default_model_filename is not a plain file name");
  }
  EXPECT_THAT(RefusalOf("default_model_filename: \"model.pt2\""),
              HasSubstr("is an exported program, which is not supported"));
}

TEST(ConfigParser, TellsEverythingThatIsWrongAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(RefusalOf("name: \"n\"\nruntime: \"x\"\nmax_batch_size: -1"),
            "m/config.pbtxt:3:1: name is 'n', but the directory is 'm'\n"
            "m/config.pbtxt:4:1: runtime is not supported: models run in the server's own "
            "LibTorch; leave it out\n"
            "m/config.pbtxt:5:1: max_batch_size is negative");
}

std::string JsonRefusal(const std::string& json) {
  const auto config = ParseModelConfigJson(json, "m");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << json;
  return std::string(config.status().message());
}

TEST(ConfigParser, ReadsAConfigInJson) {
  std::vector<std::string> warnings;
  const auto config = ParseModelConfigJson(R"({
      "name": "m", "backend": "pytorch", "max_batch_size": 8,
      "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["-1", 4]}],
      "output": [{"name": "y", "dataType": "TYPE_INT64", "dims": [1]}],
      "versionPolicy": {"specific": {"versions": [3, 1]}},
      "dynamic_batching": {"priority_levels": "2", "default_priority_level": 1,
                           "priority_queue_policy": {"2": {"max_queue_size": 5}}},
      "parameters": {"NUM_INTEROP_THREADS": {"string_value": "2"}}})",
                                           "m", &warnings);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->max_batch_size, 8);
  EXPECT_THAT(config->inputs[0].dims, ElementsAre(-1, 4));
  EXPECT_EQ(config->outputs[0].type, DataType::kInt64);
  EXPECT_THAT(config->version_policy.specific, ElementsAre(1, 3));
  EXPECT_EQ(config->batching.PolicyOf(2).max_queue_size, 5);
  EXPECT_THAT(
      warnings,
      ElementsAre("config: parameters[NUM_INTEROP_THREADS] has no effect: the threads between "
                  "operations are a setting of the process, 1"));
}

TEST(ConfigParser, NamesTheKeyThatIsWrongInJson) {
  EXPECT_THAT(JsonRefusal(R"({"max_batch": 8})"),
              AllOf(HasSubstr("config: "), HasSubstr("max_batch")));
  EXPECT_THAT(JsonRefusal(R"({"input": [{"nam": "x"}]})"), HasSubstr("nam"));
  EXPECT_THAT(JsonRefusal(R"({"input": [{"data_type": "TYPE_FLOAT"}]})"), HasSubstr("TYPE_FLOAT"));
  EXPECT_THAT(JsonRefusal(R"({"max_batch_size": "many"})"), HasSubstr("many"));
  EXPECT_EQ(JsonRefusal(R"({"input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [0]}]})"),
            "config: input[0].dims[0] is 0; a size is above 0, or -1 for any");
  EXPECT_EQ(JsonRefusal(R"({"modelTransactionPolicy": {"decoupled": true}})"),
            "config: model_transaction_policy.decoupled is not supported: every request has one "
            "answer; leave it out");
}

TEST(ConfigParser, RefusesWhatIsNoJson) {
  for (const char* json :
       {"", "[", "{", "3", "\"m\"", "[]", "{}{}", "name: \"m\"", "{\"a\":1e999}"}) {
    EXPECT_THAT(JsonRefusal(json), MatchesRegex("config: .+")) << json;
  }
  EXPECT_THAT(JsonRefusal(std::string("\xff\0", 2)), MatchesRegex("config: .+"));
  // Deeper than any config, and than a stack should go.
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"input\":[";
  EXPECT_THAT(JsonRefusal(deep), MatchesRegex("config: .+"));
}

// `text` with up to three bytes changed, left out or doubled.
std::string Mutated(std::string text, Rng& rng) {
  for (uint64_t changes = 1 + rng.Next() % 3; changes > 0; --changes) {
    const size_t at = rng.Next() % text.size();
    const char byte = static_cast<char>(rng.Next());
    switch (rng.Next() % 4) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.erase(at, 1 + rng.Next() % 20);
        break;
      case 2:
        text.insert(at, text.substr(rng.Next() % text.size(), rng.Next() % 40));
        break;
      default:
        text.insert(at, absl::StrCat(static_cast<int64_t>(rng.Next())));
    }
  }
  return text;
}

TEST(ConfigParser, AnswersAnyTextWithAConfigOrWhatIsWrong) {
  SeededRng rng(4);
  const std::string text = absl::StrCat(kTensors, kWholeConfig);
  const std::string json = R"({"max_batch_size": 4, "input": [{"name": "x", "dims": [-1, 2],
      "data_type": "TYPE_FP32", "reshape": {"shape": [-1, 2, 1]}}], "instance_group": [{"count": 2}],
      "dynamic_batching": {"priority_levels": 2, "default_priority_level": 1,
      "priority_queue_policy": {"1": {"max_queue_size": 3}}}, "parameters": {"NUM_THREADS":
      {"string_value": "1"}}, "model_warmup": [{"inputs": {"x": {"data_type": 11, "dims": [2, 2],
      "zero_data": true}}}]})";
  ASSERT_TRUE(ParseModelConfig(text, "m/config.pbtxt", "m").ok());
  ASSERT_TRUE(ParseModelConfigJson(json, "m").ok()) << ParseModelConfigJson(json, "m").status();
  int accepted = 0;
  for (int i = 0; i < 2000; ++i) {
    const bool is_json = i % 2 == 0;
    const std::string mutated = Mutated(is_json ? json : text, rng);
    const auto config = is_json ? ParseModelConfigJson(mutated, "m")
                                : ParseModelConfig(mutated, "m/config.pbtxt", "m");
    if (config.ok()) {
      ++accepted;
      EXPECT_FALSE(SerializeConfig(*config).empty());
    } else {
      EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << mutated;
      EXPECT_FALSE(config.status().message().empty());
    }
  }
  EXPECT_GT(accepted, 5);
}

TEST(ConfigParser, AnEmptyConfigInJsonLeavesAllToTheModel) {
  const auto config = ParseModelConfigJson("{}", "m");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->inputs, IsEmpty());
  EXPECT_EQ(config->name, "m");
}

}  // namespace
}  // namespace tournant
