#include "torchscript/archive_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "torchscript/torchscript_test.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTold[] = R"({"note": 1, "signature": {"max_batch_size": 16,
    "input": [{"name": "x", "data_type": "TYPE_INT64", "dims": [3]},
              {"name": "s", "data_type": "TYPE_FP32", "dims": [1], "reshape": {"shape": []},
               "optional": true}],
    "output": [{"name": "y", "data_type": "TYPE_FP16", "dims": [-1]}]}})";

ModelConfig Completed(ModelConfig config, const std::string& metadata = kTold) {
  const absl::Status status = CompleteFromSignature(metadata, config);
  EXPECT_TRUE(status.ok()) << status;
  return config;
}
std::string Refusal(const std::string& metadata, ModelConfig config = OpenConfig()) {
  const absl::Status status = CompleteFromSignature(metadata, config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(ArchiveSignature, TellsWhatAMissingConfigWould) {
  const ModelConfig config = Completed(OpenConfig());
  EXPECT_EQ(config.max_batch_size, 16);
  EXPECT_FALSE(config.max_batch_size_open);
  ASSERT_EQ(config.inputs.size(), 2u);
  EXPECT_EQ(config.inputs[0].name, "x");
  EXPECT_EQ(config.inputs[0].type, DataType::kInt64);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(3));
  EXPECT_TRUE(config.inputs[1].optional);
  ASSERT_TRUE(config.inputs[1].model_dims.has_value());
  EXPECT_THAT(*config.inputs[1].model_dims, IsEmpty());
  EXPECT_EQ(config.outputs[0].name, "y");
  EXPECT_EQ(config.outputs[0].type, DataType::kFp16);
  EXPECT_THAT(config.outputs[0].dims, ElementsAre(-1));
}

TEST(ArchiveSignature, GivesWayToTheConfig) {
  ModelConfig config = OpenConfig();
  config.max_batch_size = 4;
  config.max_batch_size_open = false;
  config.inputs = {{"x", DataType::kInt32, {}}, {"s", DataType::kInvalid, {2}}};
  config = Completed(config);
  EXPECT_EQ(config.max_batch_size, 4);
  EXPECT_EQ(config.inputs[0].type, DataType::kInt32);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(3));
  EXPECT_EQ(config.inputs[1].type, DataType::kFp32);
  EXPECT_THAT(config.inputs[1].dims, ElementsAre(2));
  EXPECT_FALSE(config.inputs[1].model_dims.has_value());
}

TEST(ArchiveSignature, MatchesByPositionWhereNoNameAgrees) {
  ModelConfig config = OpenConfig();
  config.inputs = {{"INPUT__0", DataType::kInvalid, {}}, {"", DataType::kInvalid, {}}};
  config = Completed(config);
  EXPECT_EQ(config.inputs[0].name, "INPUT__0");
  EXPECT_EQ(config.inputs[0].type, DataType::kInt64);
  EXPECT_EQ(config.inputs[1].name, "s");

  config = OpenConfig();
  config.inputs = {{"s", DataType::kInvalid, {}}, {"t", DataType::kInvalid, {}}};
  config = Completed(config);
  EXPECT_EQ(config.inputs[0].type, DataType::kFp32);
  EXPECT_EQ(config.inputs[1].type, DataType::kInvalid);
}

TEST(ArchiveSignature, RowsAreADimensionWhereTheConfigHasNoBatches) {
  ModelConfig config = OpenConfig();
  config.max_batch_size_open = false;
  config = Completed(config);
  EXPECT_EQ(config.max_batch_size, 0);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(-1, 3));
  EXPECT_THAT(*config.inputs[1].model_dims, ElementsAre(-1));
  EXPECT_THAT(config.outputs[0].dims, ElementsAre(-1, -1));
}

TEST(ArchiveSignature, CannotAddBatchesToAModelWithout) {
  ModelConfig config = OpenConfig();
  config.max_batch_size = 4;
  config.max_batch_size_open = false;
  EXPECT_EQ(Refusal(R"({"signature": {"input": [{"name": "x", "dims": [2]}]}})", config),
            "metadata.json in the archive has max_batch_size 0 in its signature, but config.pbtxt "
            "says 4");
}

TEST(ArchiveSignature, IsReadStrictly) {
  EXPECT_EQ(Refusal("x"), "metadata.json in the archive is not JSON");
  EXPECT_EQ(Refusal(R"({"signature": "x"})"),
            "metadata.json in the archive has a signature that is not a JSON object");
  EXPECT_EQ(Refusal(R"({"signature": {"max_batchsize": 1}})"),
            "metadata.json in the archive has 'max_batchsize' in its signature, which may have "
            "max_batch_size, input and output");
  EXPECT_THAT(Refusal(R"({"signature": {"input": [{"shape": [1]}]}})"),
              HasSubstr("metadata.json in the archive: signature"));
  EXPECT_THAT(Refusal(R"({"signature": {"input": [{"dims": [0]}]}})"),
              HasSubstr("input[0].dims[0] is 0; a size is above 0, or -1 for any"));
}

TEST(ArchiveSignature, IsNotLookedAtWhereNothingIsLeftOut) {
  ModelConfig config = OpenConfig();
  config.max_batch_size_open = false;
  config.inputs = {{"x", DataType::kFp32, {1}}};
  config.outputs = {{"y", DataType::kFp32, {1}}};
  EXPECT_FALSE(LeavesOutTensors(config));
  EXPECT_TRUE(CompleteFromSignature("x", config).ok());
  config.outputs[0].dims.clear();
  EXPECT_TRUE(LeavesOutTensors(config));
}

TEST(ArchiveSignature, OtherMetadataTellNothing) {
  for (const char* metadata : {"", "{}", "[1]", R"({"auc": 0.8})"}) {
    EXPECT_TRUE(Completed(OpenConfig(), metadata).max_batch_size_open) << metadata;
  }
}

}  // namespace
}  // namespace tournant
