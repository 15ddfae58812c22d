#pragma once

#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/temp_dir.h"
#include "features/bindings.h"
#include "features/feature_client.h"
#include "features/feature_plan.h"
#include "gtest/gtest.h"
#include "models/model_config.h"
#include "models/tensor.h"

namespace tournant {

inline std::shared_ptr<const FeatureRegistry> FlightsRegistry() {
  static const std::shared_ptr<const FeatureRegistry> kRegistry =
      *FeatureRegistry::ReadFile(std::string(TOURNANT_TEST_DATA_DIR) + "/registry.db", "");
  return kRegistry;
}

inline ModelConfig Config(std::vector<TensorSpec> inputs, int64_t max_batch_size = 8) {
  ModelConfig config;
  config.name = "model";
  config.max_batch_size = max_batch_size;
  config.inputs = std::move(inputs);
  return config;
}

inline absl::StatusOr<std::shared_ptr<const FeaturePlan>> CompileText(
    const std::string& text, const ModelConfig& config, const FeatureRegistry* registry = nullptr,
    const std::filesystem::path& folder = "/nowhere") {
  const absl::StatusOr<Bindings> bindings = ParseBindings("f.pbtxt", text);
  if (!bindings.ok()) return bindings.status();
  return FeaturePlan::Compile(*bindings, config, registry, folder, {});
}

// The same where it must work.
inline std::shared_ptr<const FeaturePlan> MustCompile(
    const std::string& text, const ModelConfig& config, const FeatureRegistry* registry = nullptr,
    const std::filesystem::path& folder = "/nowhere") {
  auto plan = CompileText(text, config, registry, folder);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : nullptr;
}

template <class T>
std::string Raw(std::initializer_list<T> values) {
  std::string bytes;
  for (const T value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  return bytes;
}

template <class T>
std::vector<T> Elements(const Tensor& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
  return values;
}

inline NamedTensor Texts(std::string name, std::initializer_list<const char*> values) {
  NamedTensor tensor{std::move(name), {DataType::kBytes, {}, ""}};
  tensor.tensor.shape = {static_cast<int64_t>(values.size()), 1};
  for (const char* value : values) AppendBytesElement(value, tensor.tensor.bytes);
  return tensor;
}

template <class T>
NamedTensor Numbers(std::string name, DataType type, std::initializer_list<T> values,
                    int64_t width = 1) {
  return {std::move(name),
          {type, {static_cast<int64_t>(values.size()) / width, width}, Raw<T>(values)}};
}
inline NamedTensor Floats(std::string name, std::initializer_list<float> values,
                          int64_t width = 1) {
  return Numbers<float>(std::move(name), DataType::kFp32, values, width);
}

}  // namespace tournant
