#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "models/model_config.h"
#include "models/tensor.h"

namespace tournant {

// A loaded model. Immutable and thread-safe: several workers may run it at once.
class Model {
 public:
  virtual ~Model() = default;

  // One execution. `inputs` follow the order of the config; each has the dtype and, without the
  // batch dimension, the shape of its specification, and all have the same batch size. Their bytes
  // stay untouched until Run returns. The outputs follow the order of the config, with the batch
  // size of the inputs, and stay valid as long as their owner. An error harms nothing but this
  // execution: INTERNAL with one line, no stack trace of the model's source.
  virtual absl::StatusOr<std::vector<TensorView>> Run(std::span<const TensorView> inputs) const = 0;

  // Bytes of parameters and buffers.
  virtual size_t parameter_bytes() const = 0;
};

// Makes a Model from a file's bytes. Called in the loader's thread.
class ModelFactory {
 public:
  virtual ~ModelFactory() = default;

  // Checks and loads `bytes`, and completes what `config` leaves out: names, types and dims of
  // tensors, max_batch_size where it is open. INVALID_ARGUMENT names what is wrong with the file or
  // how it disagrees with the config.
  virtual absl::StatusOr<std::unique_ptr<Model>> Load(const std::string& bytes,
                                                      ModelConfig& config) = 0;
};

}  // namespace tournant
