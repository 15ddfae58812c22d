#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fakes/tensors.h"
#include "models/model.h"
#include "torchscript/torch_settings.h"
#include "torchscript/torchscript_factory.h"

namespace tournant {

// A config that leaves everything to the model.
inline ModelConfig OpenConfig() {
  ModelConfig config;
  config.name = "m";
  config.max_batch_size_open = true;
  return config;
}

// Loads the models that make_models.py wrote.
class TorchScriptTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ConfigureTorch(); }

  static std::string Bytes(const std::string& model) {
    std::ifstream file(absl::StrCat(TOURNANT_TEST_MODELS_DIR, "/", model, ".pt"), std::ios::binary);
    EXPECT_TRUE(file.good()) << model;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  // A config with batches of up to 8 rows.
  static ModelConfig Config(std::vector<TensorSpec> inputs, std::vector<TensorSpec> outputs = {}) {
    ModelConfig config;
    config.name = "m";
    config.max_batch_size = 8;
    config.inputs = std::move(inputs);
    config.outputs = std::move(outputs);
    return config;
  }

  std::unique_ptr<Model> Load(const std::string& model, ModelConfig& config) {
    auto loaded = factory_.Load(Bytes(model), config);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() ? *std::move(loaded) : nullptr;
  }
  std::unique_ptr<Model> Load(const std::string& model, ModelConfig&& config) {
    return Load(model, config);
  }
  std::string LoadError(const std::string& model, ModelConfig config) {
    const absl::Status status = factory_.Load(Bytes(model), config).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  TorchScriptFactory factory_;
};

inline Tensor Floats(Shape shape, const std::vector<float>& values) {
  return MakeTensor(DataType::kFp32, std::move(shape), values);
}
inline TensorView View(const Tensor& tensor) {
  return {tensor.type, tensor.shape, tensor.bytes, nullptr};
}

template <class T>
std::vector<T> Values(const TensorView& view) {
  return ValuesOf<T>(view.bytes);
}

}  // namespace tournant
