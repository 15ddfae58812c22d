#include <gmock/gmock.h>

#include "torchscript/torchscript_test.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// How values get into a model and out of it.
class TorchScriptValues : public TorchScriptTest {
 protected:
  static std::vector<TensorView> RunOn(const Model& model, const std::vector<Tensor>& tensors) {
    std::vector<TensorView> views;
    for (const Tensor& tensor : tensors) views.push_back(View(tensor));
    auto outputs = model.Run(views);
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    return outputs.ok() ? *std::move(outputs) : std::vector<TensorView>{};
  }
  static TensorSpec Reshape(TensorSpec spec, std::vector<int64_t> model_dims) {
    spec.model_dims = std::move(model_dims);
    return spec;
  }
  static ModelConfig WithoutBatch(ModelConfig config) {
    config.max_batch_size = 0;
    return config;
  }
};

template <class T>
void ExpectBitsKept(TorchScriptFactory& factory, const std::string& bytes, DataType type,
                    const std::vector<T>& bits) {
  ModelConfig config;
  config.max_batch_size = 8;
  config.inputs = {{"x", type, {-1}}};
  const auto model = factory.Load(bytes, config);
  ASSERT_TRUE(model.ok()) << model.status();
  const Tensor tensor = MakeTensor(type, {1, static_cast<int64_t>(bits.size())}, bits);
  const TensorView view = View(tensor);
  const auto outputs = (*model)->Run({&view, 1});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ((*outputs)[0].type, type);
  EXPECT_EQ(Values<T>((*outputs)[0]), bits) << DataTypeName(type);
}

TEST_F(TorchScriptValues, SpecialNumbersKeepEveryBit) {
  // Infinities, quiet and signalling NaNs with something in them, the smallest number, minus zero.
  const std::string bytes = Bytes("Identity");
  ExpectBitsKept<uint16_t>(factory_, bytes, DataType::kFp16,
                           {0x7C00, 0xFC00, 0x7E01, 0xFD55, 0x0001, 0x8000});
  ExpectBitsKept<uint16_t>(factory_, bytes, DataType::kBf16,
                           {0x7F80, 0xFF80, 0x7FC1, 0xFF95, 0x0001, 0x8000});
  ExpectBitsKept<uint32_t>(factory_, bytes, DataType::kFp32,
                           {0x7F800000, 0xFF800000, 0x7FC00001, 0xFFA12345, 1, 0x80000000});
  ExpectBitsKept<uint64_t>(factory_, bytes, DataType::kFp64,
                           {0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000001,
                            0xFFF4123456789ABC, 1, 0x8000000000000000});
}

TEST_F(TorchScriptValues, WholeNumbersKeepTheirEnds) {
  const std::string bytes = Bytes("Identity");
  ExpectBitsKept<uint8_t>(factory_, bytes, DataType::kBool, {0, 1});
  ExpectBitsKept<uint8_t>(factory_, bytes, DataType::kUint8, {0, 255});
  ExpectBitsKept<int8_t>(factory_, bytes, DataType::kInt8, {-128, 127});
  ExpectBitsKept<uint16_t>(factory_, bytes, DataType::kUint16, {0, 65535});
  ExpectBitsKept<int16_t>(factory_, bytes, DataType::kInt16, {-32768, 32767});
  ExpectBitsKept<uint32_t>(factory_, bytes, DataType::kUint32, {0, UINT32_MAX});
  ExpectBitsKept<int32_t>(factory_, bytes, DataType::kInt32, {INT32_MIN, INT32_MAX});
  ExpectBitsKept<uint64_t>(factory_, bytes, DataType::kUint64, {0, UINT64_MAX});
  ExpectBitsKept<int64_t>(factory_, bytes, DataType::kInt64, {INT64_MIN, INT64_MAX});
}

TEST_F(TorchScriptValues, AnyByteButZeroIsTrue) {
  const auto model = Load("BoolToNumber", Config({{"x", DataType::kBool, {3}}}));
  const auto outputs = RunOn(*model, {MakeTensor<uint8_t>(DataType::kBool, {1, 3}, {0, 1, 255})});
  EXPECT_THAT(Values<int64_t>(outputs[0]), ElementsAre(0, 10, 10));
  const auto same = Load("Identity", Config({{"x", DataType::kBool, {3}}}));
  const auto kept = RunOn(*same, {MakeTensor<uint8_t>(DataType::kBool, {1, 3}, {0, 2, 7})});
  EXPECT_THAT(Values<uint8_t>(kept[0]), ElementsAre(0, 1, 1));
}

TEST_F(TorchScriptValues, EmptyTensorsKeepTheirShape) {
  for (int number = 1; number <= 14; ++number) {
    const auto type = static_cast<DataType>(number);
    if (type == DataType::kBytes) continue;
    const auto model = Load("Identity", Config({{"x", type, {-1, 3}}}));
    for (const Shape& shape : {Shape{2, 0, 3}, Shape{0, 2, 3}, Shape{0, 0, 3}}) {
      const auto outputs = RunOn(*model, {Tensor{type, shape, ""}});
      ASSERT_EQ(outputs.size(), 1u);
      EXPECT_EQ(outputs[0].shape, shape);
      EXPECT_TRUE(outputs[0].bytes.empty());
    }
  }
}

TEST_F(TorchScriptValues, NoStringsAreAnEmptyTensor) {
  const auto any = Load(
      "SameTexts", Config({{"texts", DataType::kBytes, {-1}}}, {{"y", DataType::kBytes, {-1}}}));
  for (const Shape& shape : {Shape{0, 0}, Shape{2, 0}}) {
    const auto outputs = RunOn(*any, {Tensor{DataType::kBytes, shape, ""}});
    ASSERT_EQ(outputs.size(), 1u);
    EXPECT_EQ(outputs[0].shape, shape);
  }
  const auto one = Load("SameTexts", Config({{"texts", DataType::kBytes, {1}}}));
  EXPECT_THAT(RunOn(*one, {Tensor{DataType::kBytes, {0, 1}, ""}})[0].shape, ElementsAre(0, 1));
}

TEST_F(TorchScriptValues, StringsAreBytesOfAnyKind) {
  const auto same = Load("SameTexts", Config({{"texts", DataType::kBytes, {1}}}));
  // A NUL, bytes that are no UTF-8, half a character, a surrogate, nothing, much.
  const Tensor texts = Strings({6, 1}, {std::string("a\0b", 3), "\xff\xfe\x80", "\xc3",
                                        "\xed\xa0\x80", "", std::string(100'000, 'x')});
  EXPECT_EQ(RunOn(*same, {texts})[0].bytes, texts.bytes);
  const auto lengths = Load("Lengths", Config({{"texts", DataType::kBytes, {1}}}));
  EXPECT_THAT(Values<int64_t>(RunOn(*lengths, {texts})[0]),
              ElementsAre(3, 3, 1, 3, 0, 100'000));  // Bytes, not characters.
}

TEST_F(TorchScriptValues, StringsOfSeveralRowsComeInOneList) {
  const auto model = Load("Upper", Config({{"texts", DataType::kBytes, {2}}}));
  const auto outputs = RunOn(*model, {Strings({2, 2}, {"a", "b", "c", "d"})});
  EXPECT_THAT(outputs[0].shape, ElementsAre(2, 2));
  EXPECT_EQ(outputs[0].bytes, Strings({4}, {"A", "B", "C", "D"}).bytes);
  // A model that gives more strings than it takes, so many a row.
  const auto twice = Load("TwiceEachText", Config({{"texts", DataType::kBytes, {1}}}));
  const auto more = RunOn(*twice, {Strings({2, 1}, {"a", "b"})});
  EXPECT_THAT(more[0].shape, ElementsAre(2, 2));
  EXPECT_EQ(more[0].bytes, Strings({4}, {"a", "aa", "b", "bb"}).bytes);
}

TEST_F(TorchScriptValues, StringsWithoutABatchAreAsManyAsThereAre) {
  const auto model =
      Load("TwiceEachText", WithoutBatch(Config({{"texts", DataType::kBytes, {-1}}})));
  const auto outputs = RunOn(*model, {Strings({3}, {"a", "b", "c"})});
  EXPECT_THAT(outputs[0].shape, ElementsAre(6));
}

TEST_F(TorchScriptValues, StringsAndTensorsGoTogether) {
  const auto model =
      Load("TextAndNumber",
           Config({{"texts", DataType::kBytes, {1}}, {"numbers", DataType::kInt32, {1}}}));
  const auto outputs = RunOn(
      *model, {Strings({2, 1}, {"a", "b"}), MakeTensor<int32_t>(DataType::kInt32, {2, 1}, {7, 8})});
  EXPECT_EQ(outputs[0].bytes, Strings({2}, {"a7", "b8"}).bytes);
}

TEST_F(TorchScriptValues, StringsThatDoNotFitTheOutputFailTheRun) {
  const auto model = Load("SameTexts", WithoutBatch(Config({{"texts", DataType::kBytes, {-1}}},
                                                           {{"y", DataType::kBytes, {-1, 2}}})));
  EXPECT_THAT(RunOn(*model, {Strings({4}, {"a", "b", "c", "d"})})[0].shape, ElementsAre(2, 2));
  const Tensor three = Strings({3}, {"a", "b", "c"});
  const TensorView view = View(three);
  EXPECT_EQ(model->Run({&view, 1}).status(),
            absl::InternalError("output 'y' of the model has shape [3], expected [-1,2]"));
}

TEST_F(TorchScriptValues, AListOfTensorsIsAnsweredInItsOrder) {
  const auto model =
      Load("ListOut", Config({{"x", DataType::kFp32, {1}}}, {{"OUTPUT__1", DataType::kFp32, {1}},
                                                             {"OUTPUT__0", DataType::kFp32, {1}}}));
  const auto outputs = RunOn(*model, {Floats({1, 1}, {10})});
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(12));
  EXPECT_THAT(Values<float>(outputs[1]), ElementsAre(11));
}

TEST_F(TorchScriptValues, InputsWithNamesOfTheirOwnGoInTheirOrder) {
  const auto model =
      Load("Subtract", Config({{"b", DataType::kFp32, {1}}, {"a", DataType::kFp32, {1}}}));
  const auto outputs = RunOn(*model, {Floats({1, 1}, {10}), Floats({1, 1}, {4})});
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(6));
}

TEST_F(TorchScriptValues, ScalarsOfABatchComeThroughAReshape) {
  const auto model = Load("ScalarPerRow", Config({Reshape({"x", DataType::kFp32, {1}}, {})},
                                                 {Reshape({"y", DataType::kFp32, {1}}, {})}));
  const auto outputs = RunOn(*model, {Floats({3, 1}, {1, 2, 3})});
  EXPECT_THAT(outputs[0].shape, ElementsAre(3, 1));
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(2, 4, 6));
}

TEST_F(TorchScriptValues, ScalarsWithoutABatchComeThroughAReshape) {
  const auto model =
      Load("Scalar", WithoutBatch(Config({Reshape({"x", DataType::kFp32, {1}}, {})},
                                         {Reshape({"y", DataType::kFp32, {1}}, {})})));
  const auto outputs = RunOn(*model, {Floats({1}, {4})});
  EXPECT_THAT(outputs[0].shape, ElementsAre(1));
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(8));
}

TEST_F(TorchScriptValues, WithoutAReshapeOfTheOutputItsShapeIsTheModels) {
  ModelConfig config = Config({Reshape({"x", DataType::kFp32, {1}}, {})});
  const auto model = Load("ScalarPerRow", config);
  EXPECT_TRUE(config.outputs[0].dims.empty());
  EXPECT_THAT(RunOn(*model, {Floats({2, 1}, {1, 2})})[0].shape, ElementsAre(2));
}

TEST_F(TorchScriptValues, AReshapeKeepsOpenSizes) {
  const auto model = Load("Image", Config({Reshape({"x", DataType::kFp32, {-1, 6}}, {-1, 2, 3})},
                                          {Reshape({"y", DataType::kFp32, {-1, 6}}, {-1, 3, 2})}));
  const auto outputs = RunOn(*model, {Floats({1, 2, 6}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})});
  EXPECT_THAT(outputs[0].shape, ElementsAre(1, 2, 6));
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12));
}

TEST_F(TorchScriptValues, AReshapeThatIsNotTheModelsIsFoundAtLoad) {
  const TensorSpec x = Reshape({"x", DataType::kFp32, {-1, 6}}, {-1, 2, 3});
  EXPECT_THAT(LoadError("Image", Config({Reshape({"x", DataType::kFp32, {6}}, {3, 2})})),
              HasSubstr("the model fails on zeros of the dims in config.pbtxt: PyTorch execute "
                        "failure: "));
  EXPECT_EQ(LoadError("Image", Config({x}, {Reshape({"y", DataType::kFp32, {-1, 6}}, {-1, 2, 3})})),
            "output 'y' has dims [-1,3,2], but config.pbtxt says [-1,2,3] in its reshape");
  EXPECT_EQ(LoadError("Image", Config({x}, {Reshape({"y", DataType::kFp32, {-1, 6}}, {-1, 6})})),
            "output 'y' has dims [-1,3,2], but config.pbtxt says [-1,6] in its reshape");
}

TEST_F(TorchScriptValues, WithoutInferenceModeAModelRunsWithoutGradientsOnly) {
  for (const bool inference : {true, false}) {
    ModelConfig config = Config({{"x", DataType::kFp32, {1}}});
    config.parameters["INFERENCE_MODE"] = inference ? "true" : "false";
    const auto model = Load("IsInference", config);
    EXPECT_THAT(Values<int64_t>(RunOn(*model, {Floats({1, 1}, {1})})[0]), ElementsAre(inference));
  }
}

TEST_F(TorchScriptValues, WithoutOptimizedExecutionTheGraphIsRunAsItIs) {
  std::vector<std::string> graphs;
  for (const bool disabled : {false, true, false, true}) {
    ModelConfig config = Config({{"x", DataType::kFp32, {4}}});
    config.parameters["DISABLE_OPTIMIZED_EXECUTION"] = disabled ? "1" : "0";
    const auto model = Load("Mlp", config);
    RunOn(*model, {Floats({1, 4}, {1, 2, 3, 4})});
    graphs.push_back(LastExecutedGraph());
  }
  EXPECT_THAT(graphs[0], HasSubstr("aten::linear"));
  EXPECT_NE(graphs[0], graphs[1]);
  EXPECT_EQ(graphs[0], graphs[2]);  // It is no setting of the thread's.
  EXPECT_EQ(graphs[1], graphs[3]);
}

TEST_F(TorchScriptValues, CountsBytesOfAllKindsOfTensorsOnce) {
  // Four halves, three longs (one of them again as a view), five floats and two bytes in a list;
  // what forward does not use is gone.
  EXPECT_EQ(Load("HoldsMuch", Config({{"x", DataType::kFp32, {1}}}))->parameter_bytes(),
            4 * 2 + 3 * 8 + 5 * 4 + 2);
  EXPECT_EQ(Load("Identity", Config({{"x", DataType::kFp32, {1}}}))->parameter_bytes(), 0u);
}

}  // namespace
}  // namespace tournant
