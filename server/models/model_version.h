#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "models/model.h"

namespace tournant {

class FeaturePlan;  // features/
class ModelLog;     // predictions/
class ModelQueue;   // inference/

// One version of one model, ready to serve: what a call holds while it is being answered. Filled by
// the loader, constant once published, freed by the loader when no call holds it any more.
struct ModelVersion {
  std::string name;
  int64_t version = 0;
  std::filesystem::path model_directory;    // <repository>/<name>
  std::filesystem::path version_directory;  // <repository>/<name>/<version>
  ModelConfig config;
  std::unique_ptr<const Model> model;
  // From the first look at its files to its publication, and the part of it that warming up took.
  Duration load_time{0};
  Duration warm_up_time{0};

  // Added by the load steps of the rooms that own the types.
  std::shared_ptr<const FeaturePlan> features;  // Null: callers send the model's own tensors.
  std::shared_ptr<ModelQueue> queue;            // Calls that wait for a worker.
  // What the prediction log keeps of its calls; null: all of it, best effort.
  std::shared_ptr<const ModelLog> log;
};
using ModelHandle = std::shared_ptr<const ModelVersion>;

// What another room does with a version before it is published, in the loader's thread: check it,
// attach what serving needs. An error refuses the version; a served one stays. One about a file of
// the model begins with its path, line and column in every line; any other gets the version's
// directory before it. Steps run in the order in which main lists them.
class LoadStep {
 public:
  virtual ~LoadStep() = default;
  virtual absl::Status Prepare(ModelVersion& version) = 0;
};

}  // namespace tournant
