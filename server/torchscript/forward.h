#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/tensor.h"
#include "torchscript/module_tensors.h"
#include "torchscript/signature.h"
#include "torchscript/values.h"

namespace tournant {

// How a model is run, by `parameters` of its config.
struct ExecutionMode {
  bool inference_mode = true;  // INFERENCE_MODE; else only without gradients.
  bool optimized = true;       // Not DISABLE_OPTIMIZED_EXECUTION.
  int intra_op_threads = 1;    // INTRA_OP_THREAD_COUNT, as far as there are cores.
};

// The forward method of a frozen TorchScript module, behind plain C++: the only class that holds
// LibTorch's objects. Immutable after Load and thread-safe: all workers share one.
class Forward {
 public:
  ~Forward();

  // Loads from memory onto the CPU, puts it into evaluation mode and freezes it. INVALID_ARGUMENT
  // in one line.
  static absl::StatusOr<std::unique_ptr<Forward>> Load(const std::string& bytes,
                                                       ExecutionMode mode = {});

  const std::vector<ForwardArgument>& arguments() const { return arguments_; }
  const ModuleTensors& tensors() const { return tensors_; }
  // The archive's extra file kMetadataFile (archive_signature.h); empty without one.
  const std::string& metadata() const { return metadata_; }

  // One call. `specs` are the config's inputs, in whose order `inputs` come; a view of type
  // kInvalid leaves its argument at the default. INTERNAL with one line when the model throws.
  absl::StatusOr<std::vector<ForwardOutput>> Call(std::span<const TensorView> inputs,
                                                  const InputBinding& binding,
                                                  const std::vector<TensorSpec>& specs) const;

 private:
  struct Module;
  Forward(std::unique_ptr<Module> module, ExecutionMode mode);

  const std::unique_ptr<Module> module_;
  const ExecutionMode mode_;
  std::vector<ForwardArgument> arguments_;
  ModuleTensors tensors_;
  std::string metadata_;
};

}  // namespace tournant
