#pragma once

#include <memory>
#include <string>

#include "models/model.h"

namespace tournant {

// Makes models from TorchScript files. Owned by main, used by the loader's thread. ConfigureTorch
// (torch_settings.h) has to have been called.
class TorchScriptFactory final : public ModelFactory {
 public:
  absl::StatusOr<std::unique_ptr<Model>> Load(const std::string& bytes,
                                              ModelConfig& config) override;
};

}  // namespace tournant
