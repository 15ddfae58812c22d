#include "torchscript/torchscript_factory.h"

#include <algorithm>

#include "models/config_parameter.h"
#include "telemetry/log.h"
#include "torchscript/torchscript_model.h"

namespace tournant {

absl::StatusOr<std::unique_ptr<Model>> TorchScriptFactory::Load(const std::string& bytes,
                                                                ModelConfig& config) {
  const int wanted = IntraOpThreads(config.parameters);
  const int threads = std::min(wanted, std::max(1, cores_per_worker_));
  if (threads < wanted) {
    Log(LogLevel::kWarning, "a model has fewer threads for an operation than its config asks for",
        {{"model", config.name},
         {kIntraOpThreads, wanted},
         {"cores_for_each_worker", cores_per_worker_}});
  }
  return TorchScriptModel::Load(bytes, config, threads);
}

}  // namespace tournant
