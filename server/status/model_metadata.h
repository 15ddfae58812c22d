#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "models/registry.h"

namespace tournant {

// The metadata of the Open Inference Protocol in its REST form, each as one line of JSON.

// {"name", "version", "extensions"}: what works over HTTP.
std::string ServerMetadataJson();

// A ModelDescription, as gRPC's ModelMetadata: {"name", "versions", "platform", "inputs": [{"name",
// "datatype", "shape"}, ...], "outputs", "properties": {...}}. An input that may be left out has
// "optional": true. The errors are those of ModelRegistry::Find.
absl::StatusOr<std::string> ModelMetadataJson(const ModelRegistry& registry,
                                              const std::string& model, const std::string& version);

}  // namespace tournant
