#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "models/model_version.h"

namespace tournant {

// Where a version stands; Triton's words for the repository index.
enum class VersionState { kLoading, kReady, kUnavailable, kUnloading };
absl::string_view VersionStateName(VersionState state);  // "READY"

struct VersionStatus {
  std::string model;
  int64_t version = 0;
  VersionState state = VersionState::kLoading;
  std::string reason;     // Why it is unavailable; one line.
  bool unloaded = false;  // Or about to be, because it was asked for.
};

// Name and version -> the version to serve. Thread-safe; lookups take a short lock. Written by the
// loader only. A reload of a served version keeps the old one until the new one is published.
class ModelRegistry {
 public:
  // The version that serves `name`: the highest ready one when `version` is empty. NOT_FOUND for an
  // unknown model or version and, with the reason, for one that failed; UNAVAILABLE while it loads
  // or unloads, INVALID_ARGUMENT for a version that is not a canonical decimal above 0.
  absl::StatusOr<ModelHandle> Find(absl::string_view name, absl::string_view version = "") const;
  // Whether there is such a model, or version of it, whatever its state.
  bool Knows(absl::string_view name, absl::string_view version = "") const;
  // The ready versions of a model, ascending; empty for an unknown one.
  std::vector<int64_t> ReadyVersions(absl::string_view name) const;
  // What serves, by name and version: of one model, or of all where `name` is empty.
  std::vector<ModelHandle> Serving(absl::string_view name = "") const;

  void MarkLoading(const std::string& name, int64_t version);
  // Keeps a version that is being served, and notes the reason.
  void MarkFailed(const std::string& name, int64_t version, const std::string& reason);
  // Forgets why a version that is being served could not be replaced.
  void ClearReason(const std::string& name, int64_t version);
  // Returns the handle that was served before, for the caller to free; null for a new version.
  ModelHandle Publish(ModelHandle version);
  ModelHandle Remove(const std::string& name, int64_t version);

  // A version that is not wanted any more stays known: UNLOADING until the last call has let go of
  // the handle that this returns, then UNAVAILABLE for the reason "unloaded". It is ready for
  // nothing and does not count as missing either.
  ModelHandle StartUnload(const std::string& name, int64_t version);
  void FinishUnload(const std::string& name, int64_t version);
  // Forgets those of a model.
  void ForgetUnloaded(const std::string& name);

  // After the first scan. With `on_demand` models come and go as callers wish: those known by now
  // are missed when they are not ready, the others are not, and having none is ready.
  void EndStart(bool on_demand);

  // Every known version, by name and version.
  std::vector<VersionStatus> List() const;
  // Each model has a ready version: before the start has ended, every known one, and one at least;
  // later also but for those whose first version is still being loaded.
  bool AllReady() const;

 private:
  struct Entry {
    VersionState state = VersionState::kLoading;
    std::string reason;
    ModelHandle handle;
    bool unloaded = false;  // Or about to be.
  };
  struct Known {
    std::map<int64_t, Entry> versions;
    const Entry* highest = nullptr;  // Of those that are ready; what most calls ask for.
    bool awaited = true;             // The server is not ready without it.
  };

  // Those of a name that is not known yet are made.
  Known& ModelOf(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Entry& EntryOf(const std::string& name, int64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ModelOf(name).versions[version];
  }
  static void FindHighest(Known& model);
  bool Missing(const Known& model) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Known> models_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool on_demand_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tournant
