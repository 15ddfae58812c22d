#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "predictions/log_files.h"
#include "predictions/log_folder.h"

namespace tournant {

// A folder of the file system. Errors name the path. Files are locked with flock while they are
// written, so that two servers may share a folder and neither repairs what the other writes.
class PosixLogDirectory final : public LogDirectory {
 public:
  // Makes the folder, and those above it, unless it is there; Create makes it again when it was
  // removed since.
  static absl::StatusOr<std::unique_ptr<LogDirectory>> Make(const std::string& path);
  // Of a folder that is there; it is not made, nor made again.
  explicit PosixLogDirectory(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<std::unique_ptr<LogFile>> Create(const std::string& name) override;
  absl::StatusOr<std::unique_ptr<LogFile>> Open(const std::string& name) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& name) override;
  absl::StatusOr<std::vector<std::string>> List() const override;
  absl::StatusOr<std::string> ReadAll(const std::string& name) const override;
  absl::StatusOr<LogFileInfo> InfoOf(const std::string& name) const override;
  std::string PathOf(const std::string& name) const override { return path_ + "/" + name; }

 private:
  PosixLogDirectory(std::string path, LogFolder folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}

  absl::StatusOr<std::unique_ptr<LogFile>> OpenWith(const std::string& name, int flags);

  const std::string path_;
  const std::optional<LogFolder> folder_;
};

}  // namespace tournant
