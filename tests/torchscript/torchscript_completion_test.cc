#include <gmock/gmock.h>

#include "fakes/temp_dir.h"
#include "models/check_model.h"
#include "torchscript/torchscript_test.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What the config leaves out is told by the archive or found by trial.
class TorchScriptCompletion : public TorchScriptTest {
 protected:
  // What a load makes of the config.
  ModelConfig Completed(const std::string& model, ModelConfig config = OpenConfig()) {
    Load(model, config);
    EXPECT_FALSE(config.max_batch_size_open);
    return config;
  }
};

TEST_F(TorchScriptCompletion, ASignatureInTheArchiveIsEnough) {
  const ModelConfig config = Completed("Signed");
  EXPECT_EQ(config.max_batch_size, 16);
  EXPECT_EQ(config.inputs[0].name, "x");
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(3));
  ASSERT_EQ(config.outputs.size(), 2u);
  EXPECT_EQ(config.outputs[0].name, "twice");  // A plain tuple has no names.
  EXPECT_EQ(config.outputs[1].name, "sum");
  EXPECT_THAT(config.outputs[1].dims, ElementsAre(1));
}

TEST_F(TorchScriptCompletion, ASignatureWithoutABatchGivesNone) {
  const ModelConfig config = Completed("SignedWithoutBatch");
  EXPECT_EQ(config.max_batch_size, 0);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(-1, 3));
  EXPECT_THAT(config.outputs[1].dims, ElementsAre(-1, 1));
}

TEST_F(TorchScriptCompletion, ASignatureThatTheModelContradictsIsRefused) {
  ModelConfig config = OpenConfig();
  config.outputs = {{"twice", DataType::kFp64, {}}, {"sum", DataType::kInvalid, {}}};
  EXPECT_EQ(LoadError("Signed", config), "output 'twice' is FP32, but config.pbtxt says FP64");
  EXPECT_EQ(LoadError("SignedBadly", OpenConfig()),
            "metadata.json in the archive has 'max_batchsize' in its signature, which may have "
            "max_batch_size, input and output");
  EXPECT_EQ(LoadError("NotJson", OpenConfig()), "metadata.json in the archive is not JSON");
}

TEST_F(TorchScriptCompletion, AnErrorNamesWhoToldWhatIsWrong) {
  EXPECT_THAT(LoadError("SignedTooWide", OpenConfig()),
              HasSubstr("the model fails on zeros of the dims in the archive's metadata.json: "));
  EXPECT_THAT(LoadError("OfWidthFour", Config({{"x", DataType::kFp32, {5}}})),
              HasSubstr("the model fails on zeros of the dims in config.pbtxt: "));
  EXPECT_EQ(LoadError("SignedWrongly", OpenConfig()),
            "output 'b' has dims [1], but the archive's metadata.json says [2]");
  EXPECT_THAT(LoadError("SignedShort", OpenConfig()),
              HasSubstr("the archive's metadata.json lists 1 outputs, but forward returns 2"));
}

TEST_F(TorchScriptCompletion, OtherMetadataLeaveItToTrials) {
  const ModelConfig config = Completed("OtherMetadata");
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(-1));
  EXPECT_EQ(config.max_batch_size, 64);
}

TEST_F(TorchScriptCompletion, TheWidthOfAnInputIsFoundByTrial) {
  const ModelConfig config = Completed("Mlp");
  EXPECT_EQ(config.max_batch_size, 64);
  ASSERT_EQ(config.inputs.size(), 1u);
  EXPECT_EQ(config.inputs[0].name, "x");
  EXPECT_EQ(config.inputs[0].type, DataType::kFp32);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(4));
  EXPECT_EQ(config.outputs[0].name, "OUTPUT__0");
  EXPECT_THAT(config.outputs[0].dims, ElementsAre(1));
}

TEST_F(TorchScriptCompletion, ASizeThatMayChangeIsAnySize) {
  EXPECT_THAT(Completed("AddOne").inputs[0].dims, ElementsAre(-1));
  EXPECT_THAT(Completed("WindowOfEight").inputs[0].dims, ElementsAre(-1));
}

TEST_F(TorchScriptCompletion, TheWidthOfPackedWeightsIsFoundByTrial) {
  // Dynamic quantization looks at all rows of a batch: trials alone do not take it for one of rows.
  const ModelConfig config = Config({{"x", DataType::kFp32, {}}});
  EXPECT_THAT(Completed("Quantized", config).inputs[0].dims, ElementsAre(8));
}

TEST_F(TorchScriptCompletion, TypesAreFoundByTrial) {
  EXPECT_EQ(Completed("OnlyWholeNumbers").inputs[0].type, DataType::kInt64);
  EXPECT_EQ(Completed("HalfLayer").inputs[0].type, DataType::kBf16);
  EXPECT_EQ(Completed("DoubleLayer").inputs[0].type, DataType::kFp64);
  const ModelConfig texts = Completed("Lengths");
  EXPECT_EQ(texts.inputs[0].type, DataType::kBytes);
  EXPECT_THAT(texts.inputs[0].dims, ElementsAre(1));
}

TEST_F(TorchScriptCompletion, SeveralInputsAreFoundTogether) {
  const ModelConfig config = Completed("WideAndDeep");
  EXPECT_EQ(config.max_batch_size, 64);
  ASSERT_EQ(config.inputs.size(), 2u);
  EXPECT_EQ(config.inputs[0].name, "dense");
  EXPECT_EQ(config.inputs[0].type, DataType::kFp32);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(5));
  EXPECT_EQ(config.inputs[1].name, "ids");
  EXPECT_EQ(config.inputs[1].type, DataType::kInt64);
  EXPECT_THAT(config.inputs[1].dims, ElementsAre(-1));
}

TEST_F(TorchScriptCompletion, ImagesAreFoundByTrial) {
  const ModelConfig any = Completed("Convolution");
  EXPECT_THAT(any.inputs[0].dims, ElementsAre(3, -1, -1));
  EXPECT_THAT(any.outputs[0].dims, ElementsAre(6));
  const ModelConfig digits = Completed("Digits");
  EXPECT_THAT(digits.inputs[0].dims, ElementsAre(1, 28, 28));
  EXPECT_EQ(digits.max_batch_size, 64);
  EXPECT_THAT(Completed("Pooled").inputs[0].dims, ElementsAre(1, 28, 28));
  EXPECT_THAT(Completed("Large").inputs[0].dims, ElementsAre(3, 224, 224));
}

TEST_F(TorchScriptCompletion, RowsThatAreNotIndependentAreNoBatch) {
  ModelConfig config = Completed("MeanOverBatch");
  EXPECT_EQ(config.max_batch_size, 0);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(-1, -1));
  EXPECT_THAT(config.outputs[0].dims, ElementsAre(-1));
  config = Completed("CenteredOnTheBatch");
  EXPECT_EQ(config.max_batch_size, 0);
  EXPECT_THAT(config.outputs[0].dims, ElementsAre(-1, -1));
}

TEST_F(TorchScriptCompletion, AModelWithoutRowsHasNoBatch) {
  const ModelConfig config = Completed("Vector");
  EXPECT_EQ(config.max_batch_size, 0);
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(-1));
}

TEST_F(TorchScriptCompletion, WhatTheConfigSaysStays) {
  ModelConfig config = OpenConfig();
  config.max_batch_size = 2;
  config.max_batch_size_open = false;
  EXPECT_THAT(Completed("Mlp", config).inputs[0].dims, ElementsAre(4));
  EXPECT_EQ(Completed("Mlp", config).max_batch_size, 2);

  config.max_batch_size = 0;
  EXPECT_THAT(Completed("Mlp", config).inputs[0].dims, ElementsAre(-1, 4));

  config = Config({{"", DataType::kInvalid, {6}}});
  EXPECT_EQ(Completed("HalfLayer", config).inputs[0].type, DataType::kBf16);
  config = Config({{"INPUT__0", DataType::kFp32, {}}}, {{"y", DataType::kInvalid, {}}});
  config = Completed("Mlp", config);
  EXPECT_EQ(config.inputs[0].name, "INPUT__0");
  EXPECT_THAT(config.inputs[0].dims, ElementsAre(4));
  EXPECT_EQ(config.outputs[0].name, "y");
  EXPECT_EQ(config.outputs[0].type, DataType::kFp32);
}

TEST_F(TorchScriptCompletion, ArgumentsThatNeedNoInputGetNone) {
  const ModelConfig config = Completed("OptionalInput");
  ASSERT_EQ(config.inputs.size(), 1u);
  EXPECT_EQ(config.inputs[0].name, "x");
}

TEST_F(TorchScriptCompletion, SaysWhatToWriteWhereItCannotBeKnown) {
  EXPECT_EQ(
      LoadError("DictIn", OpenConfig()),
      "config.pbtxt lists no input, and forward(tensors: Dict[str, Tensor]) does not tell its "
      "keys; add inputs to config.pbtxt, such as max_batch_size: 8 input { name: \"x\" "
      "data_type: TYPE_FP32 dims: [ 4 ] }");
  const std::string error = LoadError("Refuses", OpenConfig());
  EXPECT_THAT(error, HasSubstr("config.pbtxt leaves out data_type and dims of input 'x'; no "
                               "signature in the archive's metadata.json tells, and none of "));
  EXPECT_THAT(error, HasSubstr("guesses at forward(x: Tensor) runs (the first one: PyTorch execute "
                               "failure: "));
  EXPECT_THAT(error, HasSubstr("; write to config.pbtxt what the model takes, such as "
                               "max_batch_size: 8 input { name: \"x\" data_type: TYPE_FP32 dims: [ "
                               "4 ] }"));
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

TEST_F(TorchScriptCompletion, TheExampleThatAnErrorGivesIsAConfig) {
  TempDir dir;
  const std::string error = LoadError("DictIn", OpenConfig());
  dir.Write("m/config.pbtxt", error.substr(error.find("max_batch_size")));
  dir.Write("m/1/model.pt", Bytes("DictIn"));
  // Its keys are "a" and "b", which only the model's author knows; else nothing is wrong.
  const CheckReport report = CheckModel({dir.path() / "m", ""}, {}, factory_, {});
  EXPECT_THAT(report.text, HasSubstr("PyTorch execute failure"));
  EXPECT_THAT(report.text, testing::Not(HasSubstr("config.pbtxt:1")));
}

TEST_F(TorchScriptCompletion, WorksFromADirectoryWithoutAConfig) {
  TempDir dir;
  dir.Write("m/1/model.pt", Bytes("Signed"));
  CheckReport report = CheckModel({dir.path() / "m", ""}, {}, factory_, {});
  EXPECT_TRUE(report.ok) << report.text;
  EXPECT_THAT(report.text, HasSubstr("max_batch_size: 16"));
  EXPECT_THAT(report.text, HasSubstr("name: \"twice\""));

  dir.Write("m/1/model.pt", Bytes("Refuses"));
  report = CheckModel({dir.path() / "m", ""}, {}, factory_, {});
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.text, HasSubstr("m/1/model.pt: config.pbtxt leaves out data_type and dims"));

  dir.Write("m/config.pbtxt", "instance_group { count: 1 }\n");
  dir.Write("m/1/model.pt", Bytes("Mlp"));
  report = CheckModel({dir.path() / "m", ""}, {}, factory_, {});
  EXPECT_TRUE(report.ok) << report.text;
  EXPECT_THAT(report.text, HasSubstr("max_batch_size: 64"));
  EXPECT_THAT(report.text, HasSubstr("dims: 4"));
  EXPECT_THAT(report.text, HasSubstr("count: 1"));
}

}  // namespace
}  // namespace tournant
