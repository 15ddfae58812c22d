#include "models/config_warm_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/config_text.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Contents = WarmUpInput::Contents;

// A sample of the model of kTensors; `more` goes into the sample, `input` into its only input.
std::string Sample(const std::string& more, const std::string& input = "zero_data: true") {
  return absl::StrCat("model_warmup { name: \"s\" ", more,
                      "\ninputs { key: \"x\" value { data_type: TYPE_FP32 dims: [ 3, 4 ]\n", input,
                      " } } }\n");
}

TEST(ConfigWarmUp, IsReadWhole) {
  const ModelConfig config = Accepted(
      absl::StrCat("max_batch_size: 8\n", Sample("batch_size: 4 count: 2"), R"(model_warmup {
        inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 0, 4 ] random_data: true } } }
      model_warmup { name: "f" batch_size: 1
        inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 1, 4 ]
                                  input_data_file: "raw_x" } } })"));
  ASSERT_EQ(config.warm_up.size(), 3u);
  const WarmUpSample& first = config.warm_up[0];
  EXPECT_EQ(first.name, "s");
  EXPECT_EQ(first.batch_size, 4);
  EXPECT_EQ(first.count, 2);
  ASSERT_EQ(first.inputs.count("x"), 1u);
  EXPECT_EQ(first.inputs.at("x").type, DataType::kFp32);
  EXPECT_THAT(first.inputs.at("x").dims, ElementsAre(3, 4));
  EXPECT_EQ(first.inputs.at("x").contents, Contents::kZero);
  EXPECT_EQ(config.warm_up[1].name, "model_warmup[1]");
  EXPECT_EQ(config.warm_up[1].batch_size, 1);
  EXPECT_EQ(config.warm_up[1].count, 1);
  EXPECT_EQ(config.warm_up[1].inputs.at("x").contents, Contents::kRandom);
  EXPECT_EQ(config.warm_up[2].inputs.at("x").contents, Contents::kFile);
  EXPECT_EQ(config.warm_up[2].inputs.at("x").file, "raw_x");
}

TEST(ConfigWarmUp, SamplesFitIntoABatch) {
  EXPECT_EQ(RefusalOf(Sample("batch_size: 2")),
            "m/config.pbtxt:3:26: model_warmup[0].batch_size is 2, more than max_batch_size, which "
            "is 0");
  EXPECT_THAT(RefusalOf(absl::StrCat("max_batch_size: 8 ", Sample("batch_size: 4294967295"))),
              HasSubstr("batch_size is 4294967295, more than max_batch_size, which is 8"));
  EXPECT_THAT(RefusalOf(Sample("count: 10001")), HasSubstr("count is above 10000"));
}

TEST(ConfigWarmUp, InputsHaveTypeSizesAndContents) {
  EXPECT_THAT(RefusalOf("model_warmup { inputs { key: \"x\" value { dims: [ 1, 4 ] "
                        "zero_data: true } } }"),
              HasSubstr("3:16: model_warmup[0].inputs[x] has no data_type"));
  EXPECT_EQ(RefusalOf(Sample("", "")),
            "m/config.pbtxt:4:1: model_warmup[0].inputs[x] has neither zero_data, random_data nor "
            "input_data_file");
  EXPECT_EQ(RefusalOf(Sample("", "zero_data: false")),
            "m/config.pbtxt:5:1: model_warmup[0].inputs[x].zero_data can only be true");
  EXPECT_THAT(RefusalOf("model_warmup { inputs { key: \"x\" value { data_type: TYPE_FP32 "
                        "dims: [ -1, 4 ] zero_data: true } } }"),
              HasSubstr("inputs[x].dims[0] is -1; a sample has sizes of its own"));
  EXPECT_THAT(RefusalOf("model_warmup { inputs { key: \"x\" value { data_type: 77 "
                        "dims: [ 1, 4 ] zero_data: true } } }"),
              HasSubstr("3:42: model_warmup[0].inputs[x].data_type is 77, which is no DataType"));
}

TEST(ConfigWarmUp, FilesAreInTheModelsFolderWarmup) {
  for (const char* file : {"../x", "/etc/passwd", "a/b", "..", ""}) {
    EXPECT_EQ(RefusalOf(Sample("", absl::StrCat("input_data_file: \"", file, "\""))),
              "m/config.pbtxt:5:1: model_warmup[0].inputs[x].input_data_file is not the name of a "
              "file in the model's folder warmup");
  }
}

TEST(ConfigWarmUp, NamesAndInputsAreGivenOnce) {
  EXPECT_THAT(RefusalOf(Sample("") + Sample("")),
              HasSubstr("6:16: model_warmup[1].name 's' is given twice"));
  EXPECT_THAT(RefusalOf(Sample("inputs { key: \"x\" value { data_type: TYPE_FP32 dims: [ 3, 4 ] "
                               "zero_data: true } }")),
              HasSubstr("4:1: model_warmup[0].inputs[x] is given twice"));
}

TEST(ConfigWarmUp, SamplesAreComparedWithTheInputs) {
  EXPECT_EQ(RefusalOf("\nmodel_warmup { name: \"s\" }"),
            "m/config.pbtxt:4:1: model_warmup[0] lacks input 'x', which the model needs");
}

TEST(ConfigWarmUp, SamplesOfInputsWithoutNamesAreComparedWhenTheyAreKnown) {
  const ModelConfig config = AcceptedWhole(
      "input { data_type: TYPE_FP32 dims: 4 } model_warmup { inputs { key: \"z\" "
      "value { data_type: TYPE_FP32 dims: 4 zero_data: true } } }");
  EXPECT_EQ(config.warm_up[0].inputs.count("z"), 1u);
  EXPECT_EQ(AcceptedWhole("input { name: \"x\" } model_warmup { inputs { key: \"x\" "
                          "value { data_type: TYPE_INT32 dims: 4 zero_data: true } } }")
                .warm_up.size(),
            1u);
}

}  // namespace
}  // namespace tournant
