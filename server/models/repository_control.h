#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/handoff.h"
#include "models/load_override.h"

namespace tournant {

// When models are loaded.
enum class ModelControl {
  kNone,      // All at start; a rescan that somebody asks for finds what has changed.
  kExplicit,  // When a caller asks for them.
  kPoll,      // All at start; what has changed is found at intervals.
};

// A caller's wish that a model be loaded or unloaded, awaited by his call. It is done in its turn
// even when the call has ended before.
struct ControlJob final : Handoff {
  enum class Kind { kLoad, kUnload };
  Kind kind = Kind::kLoad;
  std::string model;
  LoadOverride override;  // kLoad; was checked.

  // The reason in one line, without the repository's path. NOT_FOUND: no such model.
  absl::Status result;
};

// The names of all models in the repository, awaited by a call.
struct NamesJob final : Handoff {
  absl::StatusOr<std::vector<std::string>> result;
};

// What callers may ask about and of the model repository. Thread-safe and quick: the work is done
// in other threads, which resume the awaiting call.
class RepositoryControl {
 public:
  virtual ~RepositoryControl() = default;

  virtual ModelControl mode() const = 0;
  // To be called as the start of a HandoffAwaiter on `job`. RESOURCE_EXHAUSTED when too much is
  // waiting already.
  virtual absl::Status Submit(std::shared_ptr<ControlJob> job) = 0;
  virtual absl::Status List(std::shared_ptr<NamesJob> job) = 0;
};

}  // namespace tournant
