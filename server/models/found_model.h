#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"

namespace tournant {

// Beside the versions: the config of all of them, and the folder of the files of its model_warmup.
inline constexpr char kConfigFile[] = "config.pbtxt";
inline constexpr char kWarmUpFolder[] = "warmup";

// One version of a model as its files show it.
struct FoundVersion {
  int64_t number = 0;
  std::filesystem::path directory;  // The model's own where the files lie flat in it.
  // Changes when a file of the version does: name, size, time, inode of each.
  std::string fingerprint;
  absl::Status status;  // Why the directory cannot be a version.
};

// A model as its directory shows it, before any of its files is read.
struct FoundModel {
  std::string name;
  std::filesystem::path directory;
  std::vector<FoundVersion> versions;  // Ascending; some unless `status` is an error.
  // The same for the files that concern every version: config.pbtxt and what lies beside it.
  std::string fingerprint;
  absl::Status status;  // Why the directory cannot be a model; NOT_FOUND when there is no version.

  // What tells one state of the directory from another, hidden files included: somebody may be
  // copying under a name that is not the final one.
  std::string state;
  WallTime changed;  // The latest change of an inode, as the file system has it.

  // A config in JSON that stands in for config.pbtxt, and the file in which a dry run finds it.
  std::optional<std::string> config_json;
  std::filesystem::path config_json_file;
};

}  // namespace tournant
