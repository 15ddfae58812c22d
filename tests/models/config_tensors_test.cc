#include "models/config_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/config_text.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(ConfigTensors, AreReadWhole) {
  const ModelConfig config = Accepted(R"(
      input { name: "o" data_type: TYPE_STRING dims: 1 optional: true }
      output { name: "p" data_type: TYPE_FP32 dims: [ 10 ] label_filename: "labels.txt" })");
  ASSERT_EQ(config.inputs.size(), 2);
  EXPECT_EQ(config.inputs[0].name, "x");
  EXPECT_EQ(config.inputs[0].type, DataType::kFp32);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(-1, 4));
  EXPECT_FALSE(config.inputs[0].optional);
  EXPECT_FALSE(config.inputs[0].model_dims.has_value());
  EXPECT_EQ(config.inputs[1].type, DataType::kBytes);
  EXPECT_TRUE(config.inputs[1].optional);
  ASSERT_EQ(config.outputs.size(), 2);
  EXPECT_EQ(config.outputs[0].name, "y");
  EXPECT_EQ(config.outputs[0].type, DataType::kInt64);
  EXPECT_THAT(config.outputs[0].dims, ElementsAre(1));
  EXPECT_EQ(config.outputs[1].label_filename, "labels.txt");
  EXPECT_EQ(config.outputs[1].labels, nullptr);
}

TEST(ConfigTensors, AllAboutThemMayBeLeftOut) {
  const ModelConfig config = AcceptedWhole("input { } output { }");
  EXPECT_EQ(config.inputs[0].name, "");
  EXPECT_EQ(config.inputs[0].type, DataType::kInvalid);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre());
  EXPECT_EQ(config.outputs[0].type, DataType::kInvalid);
}

TEST(ConfigTensors, WithoutDimsLeaveTheBatchOpenUnlessTheConfigSaysWhatItIs) {
  EXPECT_TRUE(AcceptedWhole("").max_batch_size_open);
  EXPECT_TRUE(AcceptedWhole("input { name: \"x\" }").max_batch_size_open);
  EXPECT_FALSE(AcceptedWhole("max_batch_size: 0").max_batch_size_open);
  EXPECT_FALSE(AcceptedWhole("max_batch_size: 4").max_batch_size_open);
  EXPECT_FALSE(AcceptedWhole("input { dims: 2 }").max_batch_size_open);
  EXPECT_TRUE(ParseModelConfigJson("{}", "m")->max_batch_size_open);
  EXPECT_FALSE(ParseModelConfigJson(R"({"max_batch_size": 0})", "m")->max_batch_size_open);
  EXPECT_FALSE(ParseModelConfigJson(R"({"maxBatchSize": 0})", "m")->max_batch_size_open);
  // Only as a field of the config: an input may have that name.
  constexpr char kInput[] = R"({"input": [{"name": "max_batch_size"}]})";
  EXPECT_TRUE(ParseModelConfigJson(kInput, "m")->max_batch_size_open);
}

TEST(ConfigTensors, SizesAreAboveZeroOrOpen) {
  EXPECT_EQ(RefusalOf("input { name: \"z\" data_type: TYPE_FP32 dims: 2 dims: 0 }"),
            "m/config.pbtxt:3:48: input[1].dims[1] is 0; a size is above 0, or -1 for any");
  EXPECT_THAT(RefusalOf("output { name: \"z\" dims: [ 2, -2 ] }"),
              HasSubstr("output[1].dims[1] is -2; a size is above 0"));
  EXPECT_THAT(RefusalOf("output { name: \"z\" dims: [ 4294967296, 4294967296 ] }"),
              HasSubstr("output[1].dims[0] has more elements than fit 64 bits"));
}

TEST(ConfigTensors, NamesAreGivenOnce) {
  EXPECT_EQ(RefusalOf("input { name: \"x\" data_type: TYPE_FP32 dims: 1 }"),
            "m/config.pbtxt:3:9: input[1].name 'x' is listed twice");
  EXPECT_THAT(RefusalOf("output { name: \"y\" }"), HasSubstr("output[1].name 'y' is listed twice"));
  // The input's name may be an output's, too.
  Accepted("output { name: \"x\" dims: 1 }");
}

TEST(ConfigTensors, AnImageHasThreeDims) {
  Accepted("input { name: \"i\" data_type: TYPE_UINT8 format: FORMAT_NHWC dims: [ -1, -1, 3 ] }");
  Accepted("input { name: \"i\" data_type: TYPE_UINT8 format: FORMAT_NONE dims: [ 3 ] }");
  EXPECT_EQ(RefusalOf("input { name: \"i\" data_type: TYPE_FP32 dims: [ 3, 4 ] "
                      "format: FORMAT_NCHW }"),
            "m/config.pbtxt:3:55: input[1].format FORMAT_NCHW is an image's, with three dims");
}

// `dims` and `reshape`, as a text of one output.
std::string Reshaped(const std::string& dims, const std::string& shape) {
  return absl::StrCat("output { name: \"z\" dims: [ ", dims, " ] reshape { shape: [ ", shape,
                      " ] } }");
}

TEST(ConfigTensors, AreReshapedForTheModel) {
  const ModelConfig config = Accepted(
      "input { name: \"a\" data_type: TYPE_FP32 dims: [ 4, 5 ] reshape { shape: [ 20 ] } }"
      "output { name: \"b\" dims: [ 1 ] reshape { } }");
  EXPECT_THAT(config.inputs[1].dims, ElementsAre(4, 5));
  EXPECT_THAT(config.inputs[1].model_dims, Optional(ElementsAre(20)));
  EXPECT_THAT(config.outputs[1].model_dims, Optional(IsEmpty()));
}

TEST(ConfigTensors, HoldTheSameElementsReshaped) {
  Accepted(Reshaped("2, 3", "3, 2"));
  Accepted(Reshaped("1, 1", ""));
  EXPECT_EQ(RefusalOf(Reshaped("2, 3", "5")),
            "m/config.pbtxt:3:35: output[1].reshape to [5] does not hold the elements of [2,3]");
  EXPECT_THAT(RefusalOf(Reshaped("2", "")), HasSubstr("reshape to [] does not hold"));
}

TEST(ConfigTensors, KeepTheElementsBetweenOpenSizesReshaped) {
  Accepted(Reshaped("2, 4, -1, 6", "8, -1, 1, 6"));
  Accepted(Reshaped("-1", "-1, 1"));
  EXPECT_THAT(RefusalOf(Reshaped("2, -1", "-1, 2")),
              HasSubstr("reshape to [-1,2] does not hold the elements of [2,-1]"));
  EXPECT_THAT(RefusalOf(Reshaped("-1, -1", "-1")), HasSubstr("does not hold the elements"));
  EXPECT_THAT(RefusalOf(Reshaped("-1", "6")), HasSubstr("does not hold the elements"));
}

TEST(ConfigTensors, RefuseAReshapeOfNothingOrWithBadSizes) {
  EXPECT_EQ(RefusalOf("output { name: \"z\" reshape { shape: 1 } }"),
            "m/config.pbtxt:3:20: output[1].reshape needs dims, the shape that callers see");
  EXPECT_EQ(RefusalOf(Reshaped("2", "0")),
            "m/config.pbtxt:3:42: output[1].reshape.shape[0] is 0; a size is above 0, or -1 for "
            "any");
}

TEST(ConfigTensors, LabelsAreInAFileBesideTheConfig) {
  for (const char* name : {"../labels.txt", "/etc/passwd", "..", "a/b"}) {
    EXPECT_EQ(RefusalOf(absl::StrCat("output { label_filename: \"", name, "\" }")),
              "m/config.pbtxt:3:10: output[1].label_filename is not the name of a file beside "
              "config.pbtxt");
  }
}

}  // namespace
}  // namespace tournant
