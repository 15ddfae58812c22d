#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "models/child_check.h"
#include "models/found_model.h"
#include "models/load_version.h"
#include "models/registry.h"

namespace tournant {

// Brings what is served of a model in step with what was found of it. A version is loaded anew only
// when its own files or those that concern all versions have changed; it replaces the one before by
// one swap, and a load that fails keeps what is being served. What was replaced is kept here until
// no call holds it, and freed here.
//
// Owned by the loader and used by its thread only.
class ModelUpdater {
 public:
  struct Options {
    LoadLimits limits;
    ChildCheckOptions child_check;  // No executable: models are loaded without a dry run.
  };
  // What was found, and which of its versions are to be served.
  struct Plan {
    FoundModel found;
    absl::Status status;  // Why none can be chosen.
    ModelConfig config;
    std::vector<FoundVersion> chosen;
  };

  // Everything passed by reference outlives it. `stop` breaks a dry run off.
  ModelUpdater(Options options, ModelRegistry& registry, ModelFactory& factory,
               std::vector<LoadStep*> steps, const Clock& clock, std::stop_token stop);

  // False for a model that is as it was at the last update; with `retry` only if nothing failed
  // then.
  bool NeedsUpdate(const FoundModel& found, bool retry) const;
  // Reads the config, chooses versions and marks them: a call for one whose turn has not come is
  // told that it loads, not that it is unknown.
  Plan MakePlan(FoundModel found);
  // Loads, publishes and lets go. All that is wrong, one line per error, with the full paths of
  // files. ABORTED when the files are not those of `found` any more by `still`, which is asked
  // before a version is published; empty: they are taken as they are.
  using StillSame = std::function<bool(const FoundModel& found)>;
  absl::Status Update(const Plan& plan, const StillSame& still = {});

  // Its directory has gone: so does the model.
  void Remove(const std::string& name);
  // Stays known as unloaded. NOT_FOUND for a model that nobody has loaded.
  absl::Status Unload(const std::string& name);

  std::vector<std::string> names() const;
  // Frees what no call holds any more; the number that is left.
  size_t FreeRetired();
  void FreeAll() { retired_.clear(); }

  // What callers may see of an error about the model: one line, without where its directory lies.
  static std::string Reason(const FoundModel& found, const absl::Status& status);

 private:
  struct Known {
    std::string identity;                   // Of all files, at the last update.
    bool complete = false;                  // Nothing failed then.
    std::map<int64_t, std::string> served;  // By version, what it was made from.
    std::set<int64_t> failed;               // Versions whose reason the registry shows.
  };
  struct Retired {
    ModelHandle handle;
    std::string name;
    int64_t version = 0;
    bool unloaded = false;
  };

  absl::StatusOr<std::shared_ptr<ModelVersion>> Prepare(const Plan& plan,
                                                        const FoundVersion& version);
  absl::Status LoadOne(const Plan& plan, const FoundVersion& version, const StillSame& still);
  absl::Status LoadChosen(const Plan& plan, Known& known, const StillSame& still);
  void NoteUnusable(const Plan& plan, Known& known);
  void Fail(const FoundModel& found, int64_t version, const absl::Status& status, Known& known);
  void ForgetFailures(const Plan& plan, Known& known);
  void DropOthers(const Plan& plan, bool all_loaded, Known& known);
  void Drop(const std::string& name, int64_t version, Known& known);
  void Retire(ModelHandle handle, bool unloaded = false);

  const Options options_;
  ModelRegistry& registry_;
  ModelFactory& factory_;
  const std::vector<LoadStep*> steps_;
  const Clock& clock_;
  const std::stop_token stop_;

  std::map<std::string, Known> known_;
  std::vector<Retired> retired_;
  int64_t overrides_ = 0;
};

}  // namespace tournant
