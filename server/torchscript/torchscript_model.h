#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "models/model.h"
#include "models/model_config.h"
#include "torchscript/forward.h"

namespace tournant {

// A TorchScript module behind the Model interface: inputs of the config go to arguments of forward,
// and what forward returns comes back as the outputs of the config. Immutable and thread-safe.
class TorchScriptModel final : public Model {
 public:
  // Loads `bytes`, binds the config's tensors, and tries the model on zeros; see ModelFactory.
  // `intra_op_threads` share each of its operations.
  static absl::StatusOr<std::unique_ptr<TorchScriptModel>> Load(const std::string& bytes,
                                                                ModelConfig& config,
                                                                int intra_op_threads);

  absl::StatusOr<std::vector<TensorView>> Run(std::span<const TensorView> inputs) const override;
  size_t parameter_bytes() const override { return forward_->tensors().bytes; }

 private:
  TorchScriptModel(std::unique_ptr<Forward> forward, InputBinding binding, ModelConfig config,
                   std::vector<size_t> places, std::vector<std::string> names);

  // What forward returns for inputs whose shapes are the callers'.
  static absl::StatusOr<std::vector<ForwardOutput>> Call(const Forward& forward,
                                                         const InputBinding& binding,
                                                         const ModelConfig& config,
                                                         std::span<const TensorView> inputs);
  // Takes `view` for output `spec`, whose batch has `rows`; -1 for a model without batches.
  static absl::Status TakeOutput(const TensorSpec& spec, int64_t rows, TensorView& view);

  const std::unique_ptr<const Forward> forward_;
  const InputBinding binding_;
  const ModelConfig config_;
  const bool reshapes_inputs_;
  // Of each output, its place among what forward returns. Empty when the model could not be tried
  // at load: then the outputs are matched at each run.
  const std::vector<size_t> places_;
  const std::vector<std::string> names_;  // Of all that forward returned at load.
};

}  // namespace tournant
