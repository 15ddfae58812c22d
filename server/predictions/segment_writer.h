#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "predictions/file_names.h"
#include "predictions/log_files.h"
#include "predictions/piece_writer.h"

namespace tournant {

// Writes the files of one run of a log, one after the other. Owned by the PredictionLog and used by
// its writer thread only. A file exists only once it has a record; it has its final name once
// nothing is added any more.
class SegmentWriter {
 public:
  struct Options {
    uint64_t rotate_bytes = uint64_t{64} << 20;
    std::chrono::seconds rotate_interval{3600};
    bool compress = false;  // Each block, with zstd.
  };

  SegmentWriter(LogDirectory& directory, const Clock& clock, LogRun run, Options options);

  // Makes the payloads durable, all or none. After an error the file is cut off behind the last
  // durable record and finished, and the next call starts a new one: once a write or a sync has
  // failed, nobody knows what the disk holds behind it. That the file was removed is such an error.
  absl::Status Append(std::span<const std::string> payloads);

  // Finishes the file whose time has come, so that readers need not wait for the next record.
  absl::Status RotateIfDue();
  // How long until then; nothing is due when no file is open.
  bool is_open() const { return file_ != nullptr; }
  Duration UntilRotation() const;

  // A file that was removed is done with, too; the server's log says what went with it.
  absl::Status Finish();
  // The same, with the end of the run behind the last record: a serialized tournant.LoggedRunEnd.
  // Makes a file for it where none is open. After an error the run has no end.
  absl::Status End(absl::string_view run_end);

 private:
  bool RotationIsDue() const;
  absl::Status Start();
  // Writes the payloads as one block with its footer. A payload is not copied.
  absl::Status AddBlock(std::span<const std::string> payloads);
  absl::Status AddFrame(absl::string_view payload, uint32_t marker, uint32_t& block_crc);
  absl::Status Put(absl::string_view bytes);
  absl::Status Write(absl::string_view bytes);
  // Everything that was put is durable.
  absl::Status Sync();
  void Abandon();
  // Gives the open file its final name and closes it. NOT_FOUND when it was removed.
  absl::Status Close();
  void LogRemoved() const;

  LogDirectory& directory_;
  const Clock& clock_;
  const LogRun run_;
  const Options options_;

  std::unique_ptr<LogFile> file_;
  uint64_t index_ = 0;
  uint64_t durable_bytes_ = 0;  // Of the open file.
  uint64_t bytes_ = 0;          // The same, with what was put since.
  TimePoint opened_at_;
  std::optional<PieceWriter> pieces_;  // To the open file, since it was last made durable.
};

}  // namespace tournant
