#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "predictions/log_files.h"
#include "predictions/record_store.h"
#include "predictions/segment_writer.h"

namespace tournant {

// Records in the framed files of a folder (record_frame.h).
class FileStore final : public RecordStore {
 public:
  // Recovers what an earlier run left open in `directory`. `clock` outlives the store.
  static absl::StatusOr<std::unique_ptr<FileStore>> Open(std::unique_ptr<LogDirectory> directory,
                                                         const Clock& clock,
                                                         SegmentWriter::Options options);

  // All or none.
  absl::Status Append(std::span<const std::string> payloads,
                      std::vector<StoreOutcome>& outcomes) override;
  Duration UntilUpkeep() const override;
  absl::Status Upkeep() override { return segments_.RotateIfDue(); }
  absl::Status Finish(const PredictionLogCounters& end) override;

 private:
  FileStore(std::unique_ptr<LogDirectory> directory, const Clock& clock, LogRun run,
            SegmentWriter::Options options)
      : directory_(std::move(directory)), segments_(*directory_, clock, std::move(run), options) {}

  const std::unique_ptr<LogDirectory> directory_;
  SegmentWriter segments_;
};

}  // namespace tournant
