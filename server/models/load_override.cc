#include "models/load_override.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "models/model_file.h"

namespace tournant {
namespace {

constexpr size_t kMaxPathBytes = 1024;
constexpr size_t kMaxPartBytes = 255;  // NAME_MAX
constexpr size_t kMaxParts = 8;

absl::Status Refuse(absl::string_view parameter, absl::string_view what) {
  return InvalidEntry("parameters", parameter, what);
}

}  // namespace

int64_t LoadOverride::bytes() const {
  size_t bytes = config_json ? config_json->size() : 0;
  for (const auto& [path, content] : files) bytes += path.size() + content.size();
  return static_cast<int64_t>(bytes);
}

absl::Status CheckOverridePath(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  const bool stays = std::all_of(parts.begin(), parts.end(), IsPlainFileName);
  if (!stays) {
    return absl::InvalidArgumentError(
        absl::StrCat("the path '", Quote(path),
                     "' leaves the model's directory or is none; expected one such as "
                     "1/model.pt, without empty, . or .. parts"));
  }
  const bool fits = path.size() <= kMaxPathBytes && parts.size() <= kMaxParts &&
                    std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
                      return part.size() <= kMaxPartBytes;
                    });
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the path '", Quote(path), "' is too long or too deep"));
}

absl::Status CheckOverride(const LoadOverride& override, const OverrideLimits& limits) {
  if (override.config_json &&
      static_cast<int64_t>(override.config_json->size()) > limits.max_config_bytes) {
    return Refuse("config",
                  absl::StrCat("has ", override.config_json->size(),
                               " bytes, more than the limit of ", limits.max_config_bytes));
  }
  int64_t bytes = 0;
  size_t files = 0;
  for (const auto& [path, content] : override.files) {
    const std::string parameter = absl::StrCat("file:", path);
    if (!override.config_json) {
      return Refuse(parameter,
                    "needs the parameter 'config' beside it: the files of the "
                    "repository are not looked at");
    }
    if (absl::Status status = CheckOverridePath(path); !status.ok()) {
      return Refuse(parameter, status.message());
    }
    bytes += static_cast<int64_t>(content.size());
    if (bytes > limits.max_file_bytes) {
      return Refuse(parameter, absl::StrCat("the files have more than the limit of ",
                                            limits.max_file_bytes, " bytes"));
    }
    if (++files > limits.max_files) {
      return Refuse(parameter, absl::StrCat("there are ", override.files.size(),
                                            " files, more than the limit of ", limits.max_files));
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
