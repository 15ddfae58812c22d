#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/model.h"
#include "models/model_version.h"

namespace tournant {

// A model whose execution is a function of its inputs.
class FakeModel final : public Model {
 public:
  using Function = std::function<absl::StatusOr<std::vector<Tensor>>(std::span<const TensorView>)>;
  explicit FakeModel(Function run) : run_(std::move(run)) {}

  absl::StatusOr<std::vector<TensorView>> Run(std::span<const TensorView> inputs) const override {
    auto outputs = run_(inputs);
    if (!outputs.ok()) return outputs.status();
    auto owner = std::make_shared<std::vector<Tensor>>(*std::move(outputs));
    std::vector<TensorView> views;
    for (const Tensor& tensor : *owner) {
      views.push_back({tensor.type, tensor.shape, tensor.bytes, owner});
    }
    return views;
  }
  size_t parameter_bytes() const override { return 0; }

 private:
  const Function run_;
};

// Gives back its inputs.
inline std::unique_ptr<Model> EchoModel() {
  return std::make_unique<FakeModel>([](std::span<const TensorView> inputs) {
    std::vector<Tensor> outputs;
    for (const TensorView& input : inputs) {
      outputs.push_back({input.type, input.shape, std::string(input.bytes)});
    }
    return absl::StatusOr<std::vector<Tensor>>(std::move(outputs));
  });
}

// A version of a model with one input "x" and one output "y", rows of four floats, batches of 8.
inline std::shared_ptr<ModelVersion> MakeVersion(const std::string& name, int64_t number,
                                                 std::unique_ptr<Model> model) {
  auto version = std::make_shared<ModelVersion>();
  version->name = name;
  version->version = number;
  version->config.name = name;
  version->config.max_batch_size = 8;
  version->config.inputs = {{"x", DataType::kFp32, {4}, false}};
  version->config.outputs = {{"y", DataType::kFp32, {4}, false}};
  version->model = std::move(model);
  return version;
}

}  // namespace tournant
