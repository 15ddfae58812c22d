#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tournant {

// The methods that are served, as indices into CallMetrics. Those that answer UNIMPLEMENTED share
// the last one, as do those that nobody has heard of.
enum class Method : size_t {
  kModelInfer,
  kModelStreamInfer,
  kServerLive,
  kServerReady,
  kServerMetadata,
  kModelReady,
  kModelMetadata,
  kModelConfig,
  kModelStatistics,
  kRepositoryIndex,
  kRepositoryModelLoad,
  kRepositoryModelUnload,
  kTraceSetting,
  kLogSettings,
  kHealthCheck,
  kHealthWatch,
  kOther,
};

// Their names as gRPC's paths have them, in the order of Method.
inline std::vector<std::string> MethodNames() {
  const std::string service = "inference.GRPCInferenceService/";
  return {
      service + "ModelInfer",
      service + "ModelStreamInfer",
      service + "ServerLive",
      service + "ServerReady",
      service + "ServerMetadata",
      service + "ModelReady",
      service + "ModelMetadata",
      service + "ModelConfig",
      service + "ModelStatistics",
      service + "RepositoryIndex",
      service + "RepositoryModelLoad",
      service + "RepositoryModelUnload",
      service + "TraceSetting",
      service + "LogSettings",
      "grpc.health.v1.Health/Check",
      "grpc.health.v1.Health/Watch",
      "other",
  };
}

}  // namespace tournant
