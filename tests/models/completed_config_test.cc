#include "models/completed_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inference/model_config.pb.h"
#include "models/config_text.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

inference::ModelConfig Completed(const ModelConfig& config) {
  inference::ModelConfig proto;
  EXPECT_TRUE(proto.ParseFromString(SerializeConfig(config)));
  return proto;
}

TEST(CompletedConfig, IsTheFilesOwnWithWhatTheModelTells) {
  ModelConfig config = AcceptedWhole(
      "input { data_type: TYPE_BF16 dims: [ 3, 2, 1 ] format: FORMAT_NCHW }\nmax_batch_size: 4\n"
      "instance_group { count: 1 }");
  config.inputs[0].name = "dense";
  config.inputs[0].optional = true;
  config.outputs = {{"p", DataType::kBytes, {-1}, false}};
  const inference::ModelConfig proto = Completed(config);
  EXPECT_EQ(proto.name(), "m");
  EXPECT_EQ(proto.platform(), "pytorch_libtorch");
  EXPECT_EQ(proto.backend(), "pytorch");
  EXPECT_EQ(proto.max_batch_size(), 4);
  EXPECT_EQ(proto.default_model_filename(), "model.pt");
  EXPECT_EQ(proto.version_policy().latest().num_versions(), 1);
  EXPECT_TRUE(proto.has_dynamic_batching());
  EXPECT_EQ(proto.instance_group(0).name(), "m_0");
  EXPECT_EQ(proto.instance_group(0).count(), 1);
  EXPECT_EQ(proto.instance_group(0).kind(), inference::ModelInstanceGroup::KIND_CPU);
  ASSERT_EQ(proto.input_size(), 1);
  EXPECT_EQ(proto.input(0).name(), "dense");
  EXPECT_EQ(proto.input(0).data_type(), inference::TYPE_BF16);
  EXPECT_EQ(proto.input(0).format(), inference::ModelInput::FORMAT_NCHW);
  EXPECT_TRUE(proto.input(0).optional());
  ASSERT_EQ(proto.output_size(), 1);
  EXPECT_EQ(proto.output(0).data_type(), inference::TYPE_STRING);
  EXPECT_THAT(proto.output(0).dims(), ElementsAre(-1));
  EXPECT_THAT(ConfigText(config), HasSubstr("name: \"dense\""));
}

TEST(CompletedConfig, HasNoBatchingWithoutABatchDimension) {
  EXPECT_FALSE(Completed(Accepted("")).has_dynamic_batching());
}

TEST(CompletedConfig, KeepsTheFilesEntriesByNameWhenTheirOrderChanges) {
  ModelConfig config =
      Accepted("input { name: \"i\" data_type: TYPE_FP32 dims: [ 3, 2, 1 ] format: FORMAT_NHWC }");
  std::swap(config.inputs[0], config.inputs[1]);
  const inference::ModelConfig proto = Completed(config);
  EXPECT_EQ(proto.input(0).name(), "i");
  EXPECT_EQ(proto.input(0).format(), inference::ModelInput::FORMAT_NHWC);
  EXPECT_EQ(proto.input(1).name(), "x");
  EXPECT_EQ(proto.input(1).format(), inference::ModelInput::FORMAT_NONE);
}

TEST(CompletedConfig, CarriesAllBackThatTheFileSays) {
  const ModelConfig config = Accepted(kWholeConfig);
  const inference::ModelConfig proto = Completed(config);
  EXPECT_EQ(proto.default_model_filename(), "net.pt");
  EXPECT_THAT(proto.version_policy().specific().versions(), ElementsAre(1, 4));
  ASSERT_EQ(proto.input_size(), 2);
  EXPECT_FALSE(proto.input(0).has_reshape());
  EXPECT_TRUE(proto.input(1).has_reshape());
  EXPECT_THAT(proto.input(1).reshape().shape(), IsEmpty());
  EXPECT_TRUE(proto.input(1).optional());
  EXPECT_THAT(proto.output(1).reshape().shape(), ElementsAre(4));
  EXPECT_EQ(proto.output(1).label_filename(), "labels.txt");
  EXPECT_EQ(proto.instance_group(0).name(), "one");
  EXPECT_EQ(proto.instance_group(1).count(), 2);
  const auto& batching = proto.dynamic_batching();
  EXPECT_THAT(batching.preferred_batch_size(), ElementsAre(2, 4));
  EXPECT_EQ(batching.max_queue_delay_microseconds(), 100u);
  EXPECT_EQ(batching.priority_levels(), 2u);
  EXPECT_EQ(batching.default_priority_level(), 2u);
  EXPECT_EQ(batching.default_queue_policy().timeout_action(), inference::ModelQueuePolicy::DELAY);
  EXPECT_EQ(batching.default_queue_policy().default_timeout_microseconds(), 7u);
  EXPECT_TRUE(batching.default_queue_policy().allow_timeout_override());
  EXPECT_EQ(batching.priority_queue_policy().at(1).max_queue_size(), 3u);
  EXPECT_EQ(proto.optimization().graph().level(), 1);
  EXPECT_EQ(proto.parameters().at("NUM_THREADS").string_value(), "2");
  ASSERT_EQ(proto.model_warmup_size(), 1);
  EXPECT_EQ(proto.model_warmup(0).count(), 3u);
  EXPECT_TRUE(proto.model_warmup(0).inputs().at("x").random_data());
}

TEST(CompletedConfig, IsItselfAConfigThatMeansTheSame) {
  const ModelConfig config = Accepted(kWholeConfig);
  const ModelConfig again = AcceptedWhole(ConfigText(config));
  EXPECT_EQ(ConfigText(again), ConfigText(config));
  EXPECT_EQ(again.max_concurrency, config.max_concurrency);
  EXPECT_EQ(again.inputs[1].model_dims, config.inputs[1].model_dims);
}

TEST(CompletedConfig, HasNamesAndTypes) {
  ModelConfig config = Accepted("");
  EXPECT_TRUE(CheckComplete(config).ok());
  config.outputs[0].type = DataType::kInvalid;
  EXPECT_EQ(CheckComplete(config).message(), "output 'y' has no data_type");
  config.outputs.clear();
  EXPECT_EQ(CheckComplete(config).message(), "config.pbtxt lists no output");
  config.inputs[0].dims.clear();
  EXPECT_EQ(CheckComplete(config).message(),
            "input 'x' has no dims (without the batch dimension; -1 for any size)");
  config.inputs[0].name.clear();
  EXPECT_EQ(CheckComplete(config).message(), "config.pbtxt lists an input without a name");
}

}  // namespace
}  // namespace tournant
