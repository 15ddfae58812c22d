#include <gmock/gmock.h>

#include <atomic>

#include "base/thread.h"
#include "models/config_parameter.h"
#include "torchscript/torchscript_test.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Models that throw within functions and modules that freezing has inlined and removed.
class TorchScriptError : public TorchScriptTest {
 protected:
  struct Case {
    std::string model;
    std::string says;
    std::vector<TensorSpec> inputs;
    std::vector<Tensor> good;
    std::vector<Tensor> bad;
  };

  static std::vector<Case> Cases() {
    const TensorSpec vector{"x", DataType::kFp32, {3}, false};
    const Tensor zeros = Floats({2, 3}, {0, 0, 0, 0, 0, 0});
    const Tensor ones = Floats({2, 3}, {1, 1, 1, 1, 1, 1});
    const Tensor negative = Floats({2, 3}, {1, 1, 1, -1, -1, -1});
    return {
        {"ThrowsInAHelper", "is invalid for input of size 6", {vector}, {zeros}, {ones}},
        {"ThrowsInALoop", "a negative row", {vector}, {ones}, {negative}},
        {"ThrowsInAFork", "a negative row", {vector}, {ones}, {negative}},
        {"Attention",
         "mask",
         {{"x", DataType::kFp32, {-1, 4}, false}, {"padding", DataType::kBool, {-1}, false}},
         {Floats({1, 2, 4}, std::vector<float>(8, 1)), Mask(2)},
         {Floats({1, 2, 4}, std::vector<float>(8, 1)), Mask(3)}},
    };
  }

  static absl::Status RunOn(const Model& model, const std::vector<Tensor>& tensors) {
    std::vector<TensorView> views;
    for (const Tensor& tensor : tensors) views.push_back(View(tensor));
    return model.Run(views).status();
  }

 private:
  static Tensor Mask(int64_t length) {
    return {DataType::kBool, {1, length}, std::string(static_cast<size_t>(length), '\0')};
  }
};

TEST_F(TorchScriptError, WhatInlinedFunctionsThrowIsOneLine) {
  for (const Case& one : Cases()) {
    const auto model = Load(one.model, Config(one.inputs));
    for (int i = 0; i < 20; ++i) {
      const absl::Status status = RunOn(*model, one.bad);
      EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << one.model;
      EXPECT_THAT(std::string(status.message()), HasSubstr(one.says));
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
    }
    EXPECT_TRUE(RunOn(*model, one.good).ok()) << one.model;
  }
}

TEST_F(TorchScriptError, TheSameHoldsInEveryModeOfExecution) {
  for (const char* key : {kInferenceMode, kDisableOptimizedExecution}) {
    for (const Case& one : Cases()) {
      ModelConfig config = Config(one.inputs);
      config.parameters[key] = key == kInferenceMode ? "false" : "true";
      const auto model = Load(one.model, config);
      const absl::Status status = RunOn(*model, one.bad);
      EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << one.model;
      EXPECT_THAT(std::string(status.message()), HasSubstr(one.says)) << key;
    }
  }
}

TEST_F(TorchScriptError, ThreadsThatThrowAtOnceDoNotDisturbEachOther) {
  for (const Case& one : Cases()) {
    const auto model = Load(one.model, Config(one.inputs));
    std::atomic<int> wrong = 0;
    {
      std::vector<Thread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back("run", [&, t] {
          for (int i = 0; i < 50; ++i) {
            const bool good = (t + i) % 2 == 0;
            if (RunOn(*model, good ? one.good : one.bad).ok() != good) ++wrong;
          }
        });
      }
    }
    EXPECT_EQ(wrong, 0) << one.model;
  }
}

}  // namespace
}  // namespace tournant
