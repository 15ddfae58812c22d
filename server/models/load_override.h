#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// What a caller gives in place of files of the repository when he has a model loaded. Empty: the
// repository's own files.
struct LoadOverride {
  std::optional<std::string> config_json;
  // By path below the model's directory, such as "1/model.pt". When there are any, they are all
  // that the model consists of; then there is a config as well.
  std::map<std::string, std::string> files;

  bool empty() const { return !config_json && files.empty(); }
  int64_t bytes() const;
};

struct OverrideLimits {
  int64_t max_config_bytes = int64_t{1} << 20;
  int64_t max_file_bytes = int64_t{2} << 30;  // All files together.
  size_t max_files = 256;
};

// INVALID_ARGUMENT unless `path` stays below the directory that it is put into: relative, with
// parts that are neither empty nor "." or "..", without NUL, not long and not deep.
absl::Status CheckOverridePath(absl::string_view path);

// INVALID_ARGUMENT, with the field of the load request that is wrong.
absl::Status CheckOverride(const LoadOverride& override, const OverrideLimits& limits);

}  // namespace tournant
