#include "torchscript/torchscript_factory.h"

#include "torchscript/torchscript_model.h"

namespace tournant {

absl::StatusOr<std::unique_ptr<Model>> TorchScriptFactory::Load(const std::string& bytes,
                                                                ModelConfig& config) {
  return TorchScriptModel::Load(bytes, config);
}

}  // namespace tournant
