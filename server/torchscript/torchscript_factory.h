#pragma once

#include <memory>
#include <string>

#include "models/model.h"

namespace tournant {

// Makes models from TorchScript files. Owned by main, used by the loader's thread. ConfigureTorch
// (torch_settings.h) has to have been called.
class TorchScriptFactory final : public ModelFactory {
 public:
  // `cores_per_worker` is how many threads an operation of a model may have at most, whatever its
  // config asks for: so that workers that are all busy have a core for each.
  explicit TorchScriptFactory(int cores_per_worker = 1) : cores_per_worker_(cores_per_worker) {}

  absl::StatusOr<std::unique_ptr<Model>> Load(const std::string& bytes,
                                              ModelConfig& config) override;

 private:
  const int cores_per_worker_;
};

}  // namespace tournant
