#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "predictions/log_files.h"

namespace tournant {

// A disk in memory that can fail, write less than asked, and hang. It outlives the directories that
// look at it, as a real one outlives a process. Thread-safe.
class FakeDisk {
 public:
  enum class Operation { kCreate, kWrite, kSync, kTruncate, kRename, kRemove };
  // Asked before each operation; an error is returned instead of doing it.
  using Fault = std::function<absl::Status(Operation)>;

  void SetFault(Fault fault) {
    MutexLock lock(mutex_);
    fault_ = std::move(fault);
  }
  // At most `bytes` in one write; 0 for no limit.
  void SetMaxWrite(size_t bytes) {
    MutexLock lock(mutex_);
    max_write_ = bytes;
  }

  // From now on writes hang until Release.
  void Block() {
    MutexLock lock(mutex_);
    blocked_ = true;
  }
  void WaitUntilSomebodyHangs() {
    MutexLock lock(mutex_);
    while (hanging_ == 0) changed_.Wait(mutex_);
  }
  void Release() {
    MutexLock lock(mutex_);
    blocked_ = false;
    changed_.SignalAll();
  }

  std::map<std::string, std::string> files() const {
    MutexLock lock(mutex_);
    return files_;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files()) names.push_back(name);
    return names;
  }
  void Put(const std::string& name, std::string bytes) {
    MutexLock lock(mutex_);
    files_[name] = std::move(bytes);
  }
  // What is still written to a file goes nowhere then.
  void RemoveAll() {
    MutexLock lock(mutex_);
    files_.clear();
  }
  // When a file was written to; all of them in 1970 unless this is said.
  void SetWritten(const std::string& name, WallTime time) {
    MutexLock lock(mutex_);
    written_[name] = time;
  }
  int syncs() const {
    MutexLock lock(mutex_);
    return syncs_;
  }

  absl::Status Ask(Operation operation) {
    MutexLock lock(mutex_);
    if (operation == Operation::kWrite && blocked_) {
      ++hanging_;
      changed_.SignalAll();
      while (blocked_) changed_.Wait(mutex_);
      --hanging_;
    }
    if (operation == Operation::kSync) ++syncs_;
    return fault_ ? fault_(operation) : absl::OkStatus();
  }

 private:
  friend class FakeLogFile;
  friend class FakeLogDirectory;

  mutable Mutex mutex_;
  CondVar changed_;
  std::map<std::string, std::string> files_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, WallTime> written_ ABSL_GUARDED_BY(mutex_);
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  size_t max_write_ ABSL_GUARDED_BY(mutex_) = 0;
  bool blocked_ ABSL_GUARDED_BY(mutex_) = false;
  int hanging_ ABSL_GUARDED_BY(mutex_) = 0;
  int syncs_ ABSL_GUARDED_BY(mutex_) = 0;
};

class FakeLogFile final : public LogFile {
 public:
  FakeLogFile(FakeDisk& disk, std::string name) : disk_(disk), name_(std::move(name)) {}

  absl::StatusOr<size_t> Write(absl::string_view bytes) override {
    if (absl::Status status = disk_.Ask(FakeDisk::Operation::kWrite); !status.ok()) return status;
    MutexLock lock(disk_.mutex_);
    const size_t taken =
        disk_.max_write_ == 0 ? bytes.size() : std::min(bytes.size(), disk_.max_write_);
    const auto file = disk_.files_.find(name_);
    if (file != disk_.files_.end()) file->second.append(bytes.data(), taken);
    return taken;
  }
  absl::Status Sync() override {
    if (absl::Status status = disk_.Ask(FakeDisk::Operation::kSync); !status.ok()) return status;
    MutexLock lock(disk_.mutex_);
    return disk_.files_.contains(name_) ? absl::OkStatus() : absl::NotFoundError(name_);
  }
  absl::Status Truncate(uint64_t size) override {
    if (absl::Status status = disk_.Ask(FakeDisk::Operation::kTruncate); !status.ok()) {
      return status;
    }
    MutexLock lock(disk_.mutex_);
    const auto file = disk_.files_.find(name_);
    if (file != disk_.files_.end()) file->second.resize(size);
    return absl::OkStatus();
  }

 private:
  FakeDisk& disk_;
  const std::string name_;
};

class FakeLogDirectory : public LogDirectory {
 public:
  explicit FakeLogDirectory(FakeDisk& disk) : disk_(disk) {}

  absl::StatusOr<std::unique_ptr<LogFile>> Create(const std::string& name) override {
    if (absl::Status status = disk_.Ask(FakeDisk::Operation::kCreate); !status.ok()) return status;
    MutexLock lock(disk_.mutex_);
    if (!disk_.files_.try_emplace(name).second) return absl::AlreadyExistsError(name);
    return std::make_unique<FakeLogFile>(disk_, name);
  }
  absl::StatusOr<std::unique_ptr<LogFile>> Open(const std::string& name) override {
    return std::make_unique<FakeLogFile>(disk_, name);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (absl::Status status = disk_.Ask(FakeDisk::Operation::kRename); !status.ok()) return status;
    MutexLock lock(disk_.mutex_);
    auto node = disk_.files_.extract(from);
    if (node.empty()) return absl::NotFoundError(from);
    node.key() = to;
    if (!disk_.files_.insert(std::move(node)).inserted) return absl::AlreadyExistsError(to);
    return absl::OkStatus();
  }
  absl::Status Remove(const std::string& name) override {
    if (absl::Status status = disk_.Ask(FakeDisk::Operation::kRemove); !status.ok()) return status;
    MutexLock lock(disk_.mutex_);
    return disk_.files_.erase(name) == 1 ? absl::OkStatus() : absl::NotFoundError(name);
  }
  absl::StatusOr<std::vector<std::string>> List() const override { return disk_.names(); }
  absl::StatusOr<std::string> ReadAll(const std::string& name) const override {
    const auto files = disk_.files();
    const auto found = files.find(name);
    if (found == files.end()) return absl::NotFoundError(name);
    return found->second;
  }
  absl::StatusOr<LogFileInfo> InfoOf(const std::string& name) const override {
    MutexLock lock(disk_.mutex_);
    const auto found = disk_.files_.find(name);
    if (found == disk_.files_.end()) return absl::NotFoundError(name);
    const auto written = disk_.written_.find(name);
    return LogFileInfo{.bytes = found->second.size(),
                       .written = written == disk_.written_.end() ? WallTime() : written->second};
  }
  std::string PathOf(const std::string& name) const override { return absl::StrCat("disk/", name); }

 private:
  FakeDisk& disk_;
};

// Of somebody who is overtaken: `meanwhile` happens once, after `file` was read or before it is
// made or opened.
class OvertakenDirectory final : public FakeLogDirectory {
 public:
  enum class At { kRead, kCreate, kOpen };
  OvertakenDirectory(FakeDisk& disk, At at, std::string file, std::function<void()> meanwhile)
      : FakeLogDirectory(disk), at_(at), file_(std::move(file)), meanwhile_(std::move(meanwhile)) {}

  absl::StatusOr<std::unique_ptr<LogFile>> Create(const std::string& name) override {
    Touch(At::kCreate, name);
    return FakeLogDirectory::Create(name);
  }
  absl::StatusOr<std::unique_ptr<LogFile>> Open(const std::string& name) override {
    Touch(At::kOpen, name);
    return FakeLogDirectory::Open(name);
  }
  absl::StatusOr<std::string> ReadAll(const std::string& name) const override {
    auto bytes = FakeLogDirectory::ReadAll(name);
    Touch(At::kRead, name);
    return bytes;
  }

 private:
  void Touch(At at, const std::string& name) const {
    if (at == at_ && name == file_) std::exchange(meanwhile_, [] {})();
  }
  const At at_;
  const std::string file_;
  mutable std::function<void()> meanwhile_;
};

}  // namespace tournant
