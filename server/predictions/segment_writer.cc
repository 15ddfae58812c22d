#include "predictions/segment_writer.h"

#include <utility>

#include "predictions/crc32c.h"
#include "predictions/record_block.h"
#include "predictions/record_frame.h"
#include "telemetry/log.h"

namespace tournant {

SegmentWriter::SegmentWriter(LogDirectory& directory, const Clock& clock, LogRun run,
                             Options options)
    : directory_(directory), clock_(clock), run_(std::move(run)), options_(options) {}

absl::Status SegmentWriter::Append(std::span<const std::string> payloads) {
  if (payloads.empty()) return absl::OkStatus();
  if (absl::Status status = RotateIfDue(); !status.ok()) return status;
  absl::Status status = Start();
  if (!status.ok()) return status;
  status = AddBlock(payloads);
  if (status.ok()) status = Sync();
  if (!status.ok()) Abandon();
  return status;
}

absl::Status SegmentWriter::Start() {
  pieces_.emplace([this](absl::string_view bytes) { return Write(bytes); });
  if (file_ != nullptr) return absl::OkStatus();
  // A number is used once, also when the file could not be made.
  ++index_;
  auto file = directory_.Create(OpenFileName(run_, index_));
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  durable_bytes_ = bytes_ = 0;
  opened_at_ = clock_.Now();
  std::string header;
  AppendFileHeader({run_.id, index_}, header);
  return Put(header);
}

absl::Status SegmentWriter::AddBlock(std::span<const std::string> payloads) {
  BlockFooter footer{.begin = bytes_, .records = static_cast<uint32_t>(payloads.size())};
  if (options_.compress) {
    const absl::StatusOr<std::string> block = CompressBlock(payloads);
    if (!block.ok()) return block.status();
    const absl::Status added = AddFrame(*block, kBlockMarker, footer.crc);
    if (!added.ok()) return added;
  } else {
    for (const std::string& payload : payloads) {
      const absl::Status added = AddFrame(payload, kFrameMarker, footer.crc);
      if (!added.ok()) return added;
    }
  }
  return Put(BlockFooterFrame(footer, bytes_));
}

absl::Status SegmentWriter::AddFrame(absl::string_view payload, uint32_t marker,
                                     uint32_t& block_crc) {
  const std::string header = FrameHeader(payload, bytes_, marker);
  block_crc = Crc32c(payload, Crc32c(header, block_crc));
  if (absl::Status status = Put(header); !status.ok()) return status;
  return Put(payload);
}

absl::Status SegmentWriter::Put(absl::string_view bytes) {
  bytes_ += bytes.size();
  return pieces_->Add(bytes);
}

absl::Status SegmentWriter::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> written = file_->Write(bytes);
    if (!written.ok()) return written.status();
    bytes.remove_prefix(*written);
  }
  return absl::OkStatus();
}

absl::Status SegmentWriter::Sync() {
  absl::Status status = pieces_->Flush();
  pieces_.reset();
  if (status.ok()) status = file_->Sync();
  if (status.ok()) durable_bytes_ = bytes_;
  return status;
}

void SegmentWriter::Abandon() {
  const std::string name = OpenFileName(run_, index_);
  // Best effort: what fails here is repaired at the next start, and readers check every record.
  absl::Status status = file_->Truncate(durable_bytes_);
  if (status.ok()) {
    status = durable_bytes_ == 0 ? directory_.Remove(name)
                                 : directory_.Rename(name, FileName(run_, index_));
  }
  file_ = nullptr;
  pieces_.reset();
  if (absl::IsNotFound(status)) {
    LogRemoved();
  } else if (!status.ok()) {
    Log(LogLevel::kWarning, "a file of the prediction log was left as it is",
        {{"file", directory_.PathOf(name)}, {"error", status.ToString()}});
  }
}

bool SegmentWriter::RotationIsDue() const {
  return file_ != nullptr && (durable_bytes_ >= options_.rotate_bytes ||
                              clock_.Now() - opened_at_ >= options_.rotate_interval);
}

Duration SegmentWriter::UntilRotation() const {
  return opened_at_ + options_.rotate_interval - clock_.Now();
}

absl::Status SegmentWriter::RotateIfDue() { return RotationIsDue() ? Finish() : absl::OkStatus(); }

void SegmentWriter::LogRemoved() const {
  Log(LogLevel::kError, "a file of the prediction log was removed while it was written",
      {{"file", directory_.PathOf(OpenFileName(run_, index_))},
       {"durable_bytes_lost", durable_bytes_}});
}

absl::Status SegmentWriter::Close() {
  // Renamed while still locked, so that no other process takes it for one that was left behind.
  absl::Status status = directory_.Rename(OpenFileName(run_, index_), FileName(run_, index_));
  file_ = nullptr;
  if (absl::IsNotFound(status)) LogRemoved();
  return status;
}

absl::Status SegmentWriter::Finish() {
  if (file_ == nullptr) return absl::OkStatus();
  absl::Status status = Close();
  // Nothing is left that could be tried again, and what comes next gets a file of its own.
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status SegmentWriter::End(absl::string_view run_end) {
  if (absl::Status status = Start(); !status.ok()) return status;
  uint32_t crc = 0;
  absl::Status status = AddFrame(run_end, kRunEndMarker, crc);
  if (status.ok()) status = Sync();
  if (status.ok()) return Close();
  Abandon();
  return status;
}

}  // namespace tournant
