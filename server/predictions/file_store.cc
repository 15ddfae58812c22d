#include "predictions/file_store.h"

#include <string>
#include <utility>

#include "predictions/recovery.h"
#include "predictions/run_end.h"

namespace tournant {

absl::StatusOr<std::unique_ptr<FileStore>> FileStore::Open(std::unique_ptr<LogDirectory> directory,
                                                           const Clock& clock,
                                                           SegmentWriter::Options options) {
  if (absl::Status status = RecoverOpenFiles(*directory); !status.ok()) return status;
  const absl::StatusOr<std::vector<std::string>> files = directory->List();
  if (!files.ok()) return files.status();
  LogRun run = NewRun(clock.WallNow(), *files);
  return std::unique_ptr<FileStore>(
      new FileStore(std::move(directory), clock, std::move(run), options));
}

absl::Status FileStore::Append(std::span<const std::string> payloads,
                               std::vector<StoreOutcome>& outcomes) {
  absl::Status written = segments_.Append(payloads);
  // The fault may be the file's alone: once more, into a new one.
  return written.ok() ? written : segments_.Append(payloads);
}

absl::Status FileStore::Finish(const PredictionLogCounters& end) {
  if (end.enqueued == 0) return segments_.Finish();  // A run of nothing leaves nothing.
  const std::string run_end = EncodeRunEnd(end);
  absl::Status ended = segments_.End(run_end);
  return ended.ok() ? ended : segments_.End(run_end);
}

Duration FileStore::UntilUpkeep() const {
  return segments_.is_open() ? segments_.UntilRotation() : Duration::max();
}

}  // namespace tournant
