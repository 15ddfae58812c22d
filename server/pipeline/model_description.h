#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "models/registry.h"

namespace tournant {

// What a caller can learn of a model that is served, free of the wire: the protocol's
// ModelMetadata, which rpc/ and status/ each write in their form.
struct ModelDescription {
  struct Tensor {
    std::string name;
    std::string datatype;
    Shape shape;  // -1: any size, as of the batch dimension.
    bool optional = false;
  };

  std::string name;
  std::string platform;
  std::vector<std::string> versions;  // That was asked for; without one all that are ready.
  // What a caller sends: with feature bindings that is the request tensors, not the model's own.
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  // What may be sent besides, to override a feature: {"override.<feature>", "FP32 [1]"}.
  std::vector<std::pair<std::string, std::string>> properties;
};

// The errors are those of ModelRegistry::Find. `version` may be empty. Any thread; never blocks.
absl::StatusOr<ModelDescription> DescriptionOf(const ModelRegistry& registry,
                                               const std::string& model,
                                               const std::string& version);

}  // namespace tournant
