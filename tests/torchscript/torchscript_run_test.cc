#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <iterator>

#include "base/thread.h"
#include "torchscript/torchscript_test.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

using TorchScriptRun = TorchScriptTest;

TensorSpec Input(int64_t dim, const std::string& name = "x", DataType type = DataType::kFp32) {
  return {name, type, {dim}, false};
}

std::vector<TensorView> RunOn(const Model& model, const std::vector<Tensor>& tensors) {
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors) views.push_back(View(tensor));
  auto outputs = model.Run(views);
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return outputs.ok() ? *std::move(outputs) : std::vector<TensorView>{};
}

TEST_F(TorchScriptRun, ComputesRowsOfABatch) {
  const auto model = Load("AddOne", Config({Input(2)}));
  const auto outputs = RunOn(*model, {Floats({3, 2}, {1, 2, 3, 4, 5, 6})});
  ASSERT_EQ(outputs.size(), 1);
  EXPECT_EQ(outputs[0].type, DataType::kFp32);
  EXPECT_THAT(outputs[0].shape, ElementsAre(3, 2));
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(2, 3, 4, 5, 6, 7));
}

TEST_F(TorchScriptRun, IsInEvaluationModeWhateverTheFileSays) {
  // 4 inputs of 1 and weights of 0.1 and 0.3, biases of 0.2 and 0.4: 8 * (0.6 * 0.3) + 0.4.
  for (const char* file : {"Mlp", "FrozenMlp"}) {
    const auto model = Load(file, Config({Input(4)}));
    const auto outputs = RunOn(*model, {Floats({2, 4}, {1, 1, 1, 1, 1, 1, 1, 1})});
    EXPECT_THAT(Values<float>(outputs[0]),
                ElementsAre(FloatNear(1.84F, 1e-5), FloatNear(1.84F, 1e-5)));
  }
}

TEST_F(TorchScriptRun, ServesEveryDatatypeOfTheProtocol) {
  for (int number = 1; number <= 14; ++number) {
    const auto type = static_cast<DataType>(number);
    if (type == DataType::kBytes) continue;
    const auto model = Load("Identity", Config({Input(2, "x", type)}));
    ASSERT_NE(model, nullptr) << DataTypeName(type);
    Tensor tensor{type, {1, 2}, std::string(2 * ElementSize(type), '\1')};
    const auto outputs = RunOn(*model, {tensor});
    EXPECT_EQ(outputs[0].type, type);
    EXPECT_EQ(outputs[0].bytes, tensor.bytes);
  }
}

TEST_F(TorchScriptRun, TakesBytesAtAnyAddress) {
  const auto model = Load("AddOne", Config({Input(2)}));
  const std::string values = Floats({1, 2}, {1, 2}).bytes;
  for (size_t offset = 0; offset < 8; ++offset) {
    const std::string buffer = std::string(offset, '#') + values;
    const TensorView view{DataType::kFp32, {1, 2}, absl::string_view(buffer).substr(offset), {}};
    const auto outputs = model->Run({&view, 1});
    ASSERT_TRUE(outputs.ok());
    EXPECT_THAT(Values<float>((*outputs)[0]), ElementsAre(2, 3));
  }
}

TEST_F(TorchScriptRun, OutputsDoNotLieInTheBytesOfTheInputs) {
  const auto identity = Load("Identity", Config({Input(2)}));
  const auto slices = Load("Slices", Config({Input(3)}));
  Tensor pair = Floats({1, 2}, {1, 2});
  Tensor triple = Floats({1, 3}, {1, 2, 3});
  const auto same = RunOn(*identity, {pair});
  const auto parts = RunOn(*slices, {triple});
  pair.bytes.assign(pair.bytes.size(), '#');
  triple.bytes.assign(triple.bytes.size(), '#');
  EXPECT_THAT(Values<float>(same[0]), ElementsAre(1, 2));
  EXPECT_THAT(Values<float>(parts[0]), ElementsAre(2, 3));
  EXPECT_THAT(Values<float>(parts[1]), ElementsAre(3, 2));
}

TEST_F(TorchScriptRun, OutputsOutliveTheModel) {
  auto model = Load("AddOne", Config({Input(1)}));
  const auto outputs = RunOn(*model, {Floats({1, 1}, {1})});
  model.reset();
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(2));
}

TEST_F(TorchScriptRun, AModelThatWritesToItsInputGetsACopy) {
  const auto model = Load("WritesItsInput", Config({Input(2)}));
  const Tensor tensor = Floats({1, 2}, {1, 2});
  const auto outputs = RunOn(*model, {tensor});
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(2, 3));
  EXPECT_THAT(Values<float>(View(tensor)), ElementsAre(1, 2));
}

TEST_F(TorchScriptRun, InputsGoToArgumentsByName) {
  const auto model = Load("Subtract", Config({Input(1, "second"), Input(1, "first")}));
  const auto outputs = RunOn(*model, {Floats({1, 1}, {3}), Floats({1, 1}, {10})});
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(7));
}

TEST_F(TorchScriptRun, InputsGoToArgumentsByNumber) {
  const auto model = Load("Subtract", Config({Input(1, "INPUT__1"), Input(1, "INPUT__0")}));
  const auto outputs = RunOn(*model, {Floats({1, 1}, {3}), Floats({1, 1}, {10})});
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(7));
}

TEST_F(TorchScriptRun, AnOptionalInputMayBeAbsent) {
  TensorSpec scale = Input(1, "scale");
  scale.optional = true;
  const auto model = Load("OptionalInput", Config({Input(1), scale}));
  const Tensor x = Floats({2, 1}, {1, 2});
  EXPECT_THAT(Values<float>(RunOn(*model, {x, Floats({2, 1}, {10, 10})})[0]),
              ElementsAre(10.5, 20.5));
  EXPECT_THAT(Values<float>(RunOn(*model, {x, Tensor{}})[0]), ElementsAre(1.5, 2.5));
}

TEST_F(TorchScriptRun, ADictTakesInputsUnderTheirNames) {
  TensorSpec second = Input(1, "b");
  second.optional = true;
  const auto model = Load("DictIn", Config({Input(1, "a"), second}));
  const Tensor a = Floats({1, 1}, {1});
  EXPECT_THAT(Values<float>(RunOn(*model, {a, Floats({1, 1}, {5})})[0]), ElementsAre(7));
  EXPECT_THAT(Values<float>(RunOn(*model, {a, Tensor{}})[0]), ElementsAre(2));
  EXPECT_THAT(Values<float>(View(a)), ElementsAre(1));  // The model adds to it in place.
}

TEST_F(TorchScriptRun, OutputsComeInTheOrderOfTheConfig) {
  const Tensor x = Floats({1, 2}, {3, 1});
  const auto dict = Load("DictOut", Config({Input(2)}, {{"twice", DataType::kFp32, {2}, false},
                                                        {"more", DataType::kFp32, {2}, false}}));
  const auto from_dict = RunOn(*dict, {x});
  EXPECT_THAT(Values<float>(from_dict[0]), ElementsAre(6, 2));
  EXPECT_THAT(Values<float>(from_dict[1]), ElementsAre(4, 2));
  const auto named = Load("NamedOut", Config({Input(2)}, {{"high", DataType::kFp32, {1}, false}}));
  const auto from_named = RunOn(*named, {x});
  ASSERT_EQ(from_named.size(), 1);
  EXPECT_THAT(Values<float>(from_named[0]), ElementsAre(3));
}

TEST_F(TorchScriptRun, NestedTuplesAndListsAreFlattened) {
  const auto model = Load("TupleOut", Config({Input(2)}));
  const auto outputs = RunOn(*model, {Floats({1, 2}, {3, 1})});
  ASSERT_EQ(outputs.size(), 3);
  EXPECT_THAT(Values<float>(outputs[1]), ElementsAre(6, 2));
  EXPECT_EQ(outputs[2].type, DataType::kInt64);
  EXPECT_THAT(Values<int64_t>(outputs[2]), ElementsAre(4));
}

TEST_F(TorchScriptRun, StringsGoInAndOut) {
  const TensorSpec texts = Input(1, "texts", DataType::kBytes);
  const Tensor tensor = Strings({3, 1}, {"abc", "", "gr\xc3\xbc\xc3\x9f"});
  const auto lengths = Load("Lengths", Config({texts}));
  const auto counted = RunOn(*lengths, {tensor});
  EXPECT_THAT(counted[0].shape, ElementsAre(3, 1));
  EXPECT_THAT(Values<int64_t>(counted[0]), ElementsAre(3, 0, 6));
  const auto upper = Load("Upper", Config({texts}));
  const auto raised = RunOn(*upper, {Strings({2, 1}, {"abc", "de"})});
  EXPECT_EQ(raised[0].type, DataType::kBytes);
  EXPECT_THAT(raised[0].shape, ElementsAre(2, 1));
  EXPECT_EQ(raised[0].bytes, Strings({2, 1}, {"ABC", "DE"}).bytes);
}

TEST_F(TorchScriptRun, AModelWithoutBatchesTakesItsDimsAsTheyAre) {
  ModelConfig config = Config({{"x", DataType::kFp32, {-1, 2}, false}});
  config.max_batch_size = 0;
  const auto model = Load("MeanOverBatch", config);
  EXPECT_THAT(config.outputs[0].dims, ElementsAre(2));
  const auto outputs = RunOn(*model, {Floats({2, 2}, {1, 2, 3, 4})});
  EXPECT_THAT(outputs[0].shape, ElementsAre(2));
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(2, 3));
}

TEST_F(TorchScriptRun, ANumberIsATensorWithoutDimensions) {
  ModelConfig config = Config({{"x", DataType::kFp32, {3}, false}});
  config.max_batch_size = 0;
  const auto model = Load("Count", config);
  const auto outputs = RunOn(*model, {Floats({3}, {1, 2, 3})});
  EXPECT_TRUE(outputs[0].shape.empty());
  EXPECT_THAT(Values<int64_t>(outputs[0]), ElementsAre(3));
}

TEST_F(TorchScriptRun, WhatTheModelThrowsIsOneLine) {
  const auto model = Load("Throwing", Config({Input(1)}));
  const Tensor bad = Floats({1, 1}, {101});
  const TensorView view = View(bad);
  const absl::Status status = model->Run({&view, 1}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("PyTorch execute failure: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("a value is"));
  EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
  EXPECT_EQ(status.message().find("forward"), absl::string_view::npos);  // No source.
  EXPECT_THAT(Values<float>(RunOn(*model, {Floats({1, 1}, {100})})[0]), ElementsAre(100));
}

TEST_F(TorchScriptRun, AnOutputUnlikeThoseAtLoadFailsTheRun) {
  const auto changing = Load("ChangingKeys", Config({Input(1)}));
  Tensor positive = Floats({1, 1}, {1});
  TensorView view = View(positive);
  EXPECT_EQ(changing->Run({&view, 1}).status(),
            absl::InternalError("the model did not return output 'other'"));

  const auto refuses = Load("Refuses", Config({Input(-1)}, {{"y", DataType::kFp32, {3}, false}}));
  const Tensor row = Floats({1, 77}, std::vector<float>(77, 1));
  view = View(row);
  EXPECT_EQ(refuses->Run({&view, 1}).status(),
            absl::InternalError("output 'y' of the model has shape [1,1], expected [1,3]"));
  const auto types = Load("Refuses", Config({Input(-1)}, {{"y", DataType::kFp64, {1}, false}}));
  EXPECT_EQ(types->Run({&view, 1}).status(),
            absl::InternalError("output 'y' of the model is FP32, expected FP64"));
}

TEST_F(TorchScriptRun, AModelThatCouldNotBeTriedAtLoadRuns) {
  const auto model = Load("Refuses", Config({Input(-1)}, {{"y", DataType::kFp32, {1}, false}}));
  const auto outputs = RunOn(*model, {Floats({1, 77}, std::vector<float>(77, 1))});
  EXPECT_THAT(Values<float>(outputs[0]), ElementsAre(77));
}

TEST_F(TorchScriptRun, BytesThatDoNotFitTheShapeAreAnError) {
  const auto model = Load("Identity", Config({Input(2)}));
  const TensorView view{DataType::kFp32, {1, 2}, "1234567", nullptr};
  EXPECT_FALSE(model->Run({&view, 1}).ok());
}

// How many threads the process gets while one of its threads runs the models, one after the other.
std::ptrdiff_t ThreadsToRun(const std::vector<const Model*>& models) {
  // Enough for the product of matrices to be split, and for no other operation.
  const Tensor rows = Floats({4000, 10}, std::vector<float>(40'000, 1));
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const auto before = threads();
  std::ptrdiff_t while_running = 0;
  Thread worker("worker", [&] {
    for (const Model* model : models) RunOn(*model, {rows});
    while_running = threads();
  });
  worker.Join();
  return while_running - before;
}

TEST_F(TorchScriptRun, AThreadThatRunsAModelStartsNoOthers) {
  const auto model = Load("SharedWeights", Config({Input(10)}));
  EXPECT_EQ(ThreadsToRun({model.get()}), 1);
}

TEST_F(TorchScriptRun, AModelHasTheThreadsForAnOperationThatItsConfigAsksFor) {
  ModelConfig two = Config({Input(10)});
  two.parameters["INTRA_OP_THREAD_COUNT"] = "2";
  ModelConfig bounded = two;
  TorchScriptFactory enough(2);
  const auto split = enough.Load(Bytes("SharedWeights"), two);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(ThreadsToRun({split->get()}), 2);
  EXPECT_EQ(ThreadsToRun({Load("SharedWeights", bounded).get()}), 1) << "one core for each worker";
}

TEST_F(TorchScriptRun, OneModelsThreadsAreNotThoseOfTheNext) {
  ModelConfig two = Config({Input(10)});
  two.parameters["INTRA_OP_THREAD_COUNT"] = "2";
  TorchScriptFactory enough(2);
  const auto split = enough.Load(Bytes("SharedWeights"), two);
  ASSERT_TRUE(split.ok()) << split.status();
  const auto alone = Load("SharedWeights", Config({Input(10)}));
  EXPECT_EQ(ThreadsToRun({alone.get(), split->get()}), 2);
  EXPECT_EQ(ThreadsToRun({alone.get(), alone.get()}), 1);
}

TEST_F(TorchScriptRun, SeveralThreadsShareOneModel) {
  const auto model = Load("Subtract", Config({Input(1, "first"), Input(1, "second")}));
  std::atomic<int> wrong = 0;
  {
    std::vector<Thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back("run", [&model, &wrong, t] {
        for (int i = 0; i < 200; ++i) {
          const Tensor first = Floats({1, 1}, {static_cast<float>(t * 1000 + i)});
          const Tensor second = Floats({1, 1}, {1});
          const std::vector<TensorView> views = {View(first), View(second)};
          const auto outputs = model->Run(views);
          if (!outputs.ok() || Values<float>((*outputs)[0])[0] != t * 1000 + i - 1) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tournant
