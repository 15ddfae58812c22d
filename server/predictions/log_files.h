#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tournant {

// A file that is being written, at its end only. Locked against other processes, and closed, by its
// lifetime. One thread at a time.
class LogFile {
 public:
  virtual ~LogFile() = default;
  // Appends at least one byte of `bytes` and says how many.
  virtual absl::StatusOr<size_t> Write(absl::string_view bytes) = 0;
  // Returns when everything written is on the disk. NOT_FOUND when the file was removed from its
  // folder: then nothing of it is anywhere once it is closed.
  virtual absl::Status Sync() = 0;
  // Cuts the file off behind its first `size` bytes.
  virtual absl::Status Truncate(uint64_t size) = 0;
};

struct LogFileInfo {
  uint64_t bytes = 0;
  WallTime written;  // Last.
};

// The folder that holds the files of a log. An interface so that tests can let a disk fail. One
// thread at a time.
class LogDirectory {
 public:
  virtual ~LogDirectory() = default;
  // A new file; ALREADY_EXISTS if there is one. Makes the folder again if it is gone.
  virtual absl::StatusOr<std::unique_ptr<LogFile>> Create(const std::string& name) = 0;
  // A file that is there, for repair. FAILED_PRECONDITION while somebody else is writing it.
  virtual absl::StatusOr<std::unique_ptr<LogFile>> Open(const std::string& name) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& name) = 0;
  // The names of all files, in order.
  virtual absl::StatusOr<std::vector<std::string>> List() const = 0;
  virtual absl::StatusOr<std::string> ReadAll(const std::string& name) const = 0;
  virtual absl::StatusOr<LogFileInfo> InfoOf(const std::string& name) const = 0;
  // For messages.
  virtual std::string PathOf(const std::string& name) const = 0;
};

}  // namespace tournant
