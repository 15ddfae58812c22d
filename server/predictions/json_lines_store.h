#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "predictions/record_store.h"

namespace tournant {

// Records as lines at the end of one file, each of them whole and written through to the disk; or
// into a named pipe, where a line counts as durable once the pipe has it. The file is locked
// against other servers and never begun anew: whoever rotates it copies and truncates. When it is
// removed all the same, a new one is made, and has what was not durable in the one before.
class JsonLinesStore final : public RecordStore {
 public:
  // Makes the file where there is none, and cuts off a last line that an earlier run left torn. An
  // error names the path: one that is the standard output or error of this process is none.
  // `run` is what the end of the run is marked with.
  static absl::StatusOr<std::unique_ptr<JsonLinesStore>> Open(const std::string& path,
                                                              const std::string& run = "");
  ~JsonLinesStore() override;

  // All or none in a file; into a pipe as many as it has taken.
  absl::Status Append(std::span<const std::string> payloads,
                      std::vector<StoreOutcome>& outcomes) override;
  // Ends the run with a line of its own (run_end.h), but in a pipe that has no room for it.
  absl::Status Finish(const PredictionLogCounters& end) override;

 private:
  JsonLinesStore(int fd, bool is_file, std::string path, std::string run)
      : fd_(fd), is_file_(is_file), path_(std::move(path)), run_(std::move(run)) {}

  absl::Status Write(absl::string_view bytes);
  // Writes them into a new file when this one was removed meanwhile.
  absl::Status WriteLines(std::span<const std::string> payloads);
  // NOT_FOUND when it was removed.
  absl::Status TryLines(std::span<const std::string> payloads);
  absl::Status Reopen();
  // Cuts off what a failed write has left, or nothing may follow it.
  absl::Status CutTornLine();
  absl::Status Error(int number, absl::string_view what) const;

  int fd_;
  bool is_file_;
  const std::string path_;
  const std::string run_;
  bool has_name_ = false;  // When it was opened: memory that was passed on has none.
  int64_t torn_at_ = -1;   // A part of a line begins here; -1: nowhere.
};

}  // namespace tournant
