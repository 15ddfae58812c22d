#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/grpc_service.grpc.pb.h"
#include "models/load_override.h"
#include "models/registry.h"
#include "models/repository_control.h"
#include "rpc/lane.h"
#include "rpc/unary.h"

namespace tournant {

// What the calls about the model repository need; all of it outlives them.
struct RepositoryDependencies {
  inference::GRPCInferenceService::AsyncService& service;
  const ModelRegistry& registry;
  RepositoryControl* control;            // Null: there is no repository, only a registry.
  std::function<void()> models_changed;  // Called on the loop after a load or unload.
  UnaryDependencies unary;
};

// Posts the slots of RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload on `lane`. What
// they ask for is done in the loader's threads while the call awaits it. A call whose deadline
// passes, or whose caller leaves, ends then; the load goes on.
void StartRepositoryCalls(const RepositoryDependencies& dependencies, Lane& lane);

// What a load request gives in place of the repository's files; moved out of it.
// INVALID_ARGUMENT names the parameter that is unknown, of the wrong type or refused.
absl::StatusOr<LoadOverride> TakeLoadParameters(inference::RepositoryModelLoadRequest& request);
absl::Status CheckUnloadParameters(const inference::RepositoryModelUnloadRequest& request);

// Every version that is known, and, without version, state and reason, the models of `in_directory`
// of which none is.
void DescribeRepository(const ModelRegistry& registry, const std::vector<std::string>& in_directory,
                        const inference::RepositoryIndexRequest& request,
                        inference::RepositoryIndexResponse& answer);

}  // namespace tournant
