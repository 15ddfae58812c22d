#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tournant {

// A directory that nobody but this user may look into, removed with all that it holds when this
// object dies. One thread.
class PrivateDirectory {
 public:
  // In $TMPDIR, else in /tmp.
  static absl::StatusOr<std::unique_ptr<PrivateDirectory>> Make();
  ~PrivateDirectory();
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Writes a new file with the directories that it needs. `relative` was checked by the caller.
  absl::Status Write(const std::filesystem::path& relative, const std::string& bytes) const;

 private:
  explicit PrivateDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path path_;
};

}  // namespace tournant
