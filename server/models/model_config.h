#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/tensor.h"

namespace tournant {

// What Triton calls TorchScript models in `platform` and `backend`.
inline constexpr char kTorchPlatform[] = "pytorch_libtorch";
inline constexpr char kTorchBackend[] = "pytorch";

// `version_policy`: which of the version directories are served.
struct VersionPolicy {
  enum class Kind { kLatest, kAll, kSpecific };
  Kind kind = Kind::kLatest;
  int64_t latest = 1;             // kLatest: that many of the highest.
  std::vector<int64_t> specific;  // kSpecific, ascending.
};

// `ModelQueuePolicy`: how long a call may wait in the queue and how many may.
struct QueuePolicy {
  enum class TimeoutAction {
    kReject,  // A call that has waited too long is answered with an error.
    kDelay,   // It is served after all calls that have not.
  };
  TimeoutAction timeout_action = TimeoutAction::kReject;
  int64_t default_timeout_us = 0;  // 0: only the call's deadline bounds the wait.
  // Whether the `timeout` of a request may shorten default_timeout_us. It bounds the call's
  // deadline in any case.
  bool allow_timeout_override = false;
  int64_t max_queue_size = 0;  // Calls that may wait; 0: the pool's default.
};

// `dynamic_batching`.
struct Batching {
  std::vector<int64_t> preferred_batch_sizes;  // Ascending; empty: any.
  int64_t max_queue_delay_us = 0;  // 0: work-conserving, a free worker never waits for more rows.
  // Answers of the model leave in the order in which calls came. Never together with several
  // levels or with kDelay.
  bool preserve_ordering = false;
  int64_t priority_levels = 0;  // 0: one level. 1 is the most urgent one.
  int64_t default_priority_level = 0;
  QueuePolicy default_policy;
  std::map<int64_t, QueuePolicy> priority_policies;  // By level, where it differs.

  // The policy for calls of `level`, which is 0 or a level.
  const QueuePolicy& PolicyOf(int64_t level) const {
    const auto found = priority_policies.find(level);
    return found == priority_policies.end() ? default_policy : found->second;
  }
};

// `model_warmup`: an execution with given contents before a version serves.
struct WarmUpInput {
  enum class Contents { kZero, kRandom, kFile };
  DataType type = DataType::kInvalid;
  std::vector<int64_t> dims = {};  // Without the batch dimension; no -1.
  Contents contents = Contents::kZero;
  std::string file = "";  // kFile: in <model>/warmup/, raw bytes of one row.
};
struct WarmUpSample {
  std::string name;
  int64_t batch_size = 1;  // Rows.
  int64_t count = 1;       // Executions on each worker.
  std::map<std::string, WarmUpInput> inputs;
};

// A model's config.pbtxt, checked and completed, in plain C++ (other rooms must not see protobuf).
struct ModelConfig {
  std::string name;
  std::string platform = kTorchPlatform;
  // Rows that one execution may hold. 0: the model has no batch dimension, and its calls are
  // executed one by one; else every tensor's outermost dimension is the batch.
  int64_t max_batch_size = 0;
  // The config leaves max_batch_size out, and no dims tell whether there is a batch dimension: the
  // model's factory finds out, and sets both. Never set in a completed config.
  bool max_batch_size_open = false;
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::string model_filename = "model.pt";
  std::map<std::string, std::string> parameters;

  VersionPolicy version_policy;
  Batching batching;
  // `instance_group`: executions of the model at the same time; 0: as many as there are workers.
  int64_t max_concurrency = 0;
  std::vector<WarmUpSample> warm_up;
  // What stands for -1 in the zeros that a version is warmed up with. Nothing where the model's
  // factory found no size that runs: it is then warmed up with `warm_up` alone.
  std::optional<int64_t> warm_up_size = 1;

  // The completed config as a serialized inference.ModelConfig, for the ModelConfig RPC.
  std::string serialized;
};

}  // namespace tournant
