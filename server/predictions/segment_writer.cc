#include "predictions/segment_writer.h"

#include <utility>

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
  buffer_.clear();
  if (file_ == nullptr) {
    if (absl::Status status = Start(); !status.ok()) return status;
  }
  absl::Status status = AddBlock(payloads);
  if (status.ok()) status = WriteBuffer();
  if (status.ok()) {
    durable_bytes_ += buffer_.size();
  } else {
    Abandon();
  }
  // One huge record must not hold its memory for ever.
  constexpr size_t kKeptCapacity = size_t{4} << 20;
  if (buffer_.capacity() > kKeptCapacity) std::string().swap(buffer_);
  return status;
}

absl::Status SegmentWriter::Start() {
  // A number is used once, also when the file could not be made.
  ++index_;
  auto file = directory_.Create(OpenFileName(run_, index_));
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  durable_bytes_ = 0;
  opened_at_ = clock_.Now();
  AppendFileHeader({run_.id, index_}, buffer_);
  return absl::OkStatus();
}

absl::Status SegmentWriter::AddBlock(std::span<const std::string> payloads) {
  const size_t begin = buffer_.size();
  if (options_.compress) {
    const absl::StatusOr<std::string> block = CompressBlock(payloads);
    if (!block.ok()) return block.status();
    AppendFrame(*block, durable_bytes_ + begin, buffer_, kBlockMarker);
  } else {
    for (const std::string& payload : payloads) {
      AppendFrame(payload, durable_bytes_ + buffer_.size(), buffer_);
    }
  }
  AppendBlockFooter(static_cast<uint32_t>(payloads.size()), durable_bytes_ + begin, begin, buffer_);
  return absl::OkStatus();
}

absl::Status SegmentWriter::WriteBuffer() {
  absl::string_view left = buffer_;
  while (!left.empty()) {
    const absl::StatusOr<size_t> written = file_->Write(left);
    if (!written.ok()) return written.status();
    left.remove_prefix(*written);
  }
  return file_->Sync();
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
  if (!status.ok()) {
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

absl::Status SegmentWriter::Finish() {
  if (file_ == nullptr) return absl::OkStatus();
  // Renamed while still locked, so that no other process takes it for one that was left behind.
  absl::Status status = directory_.Rename(OpenFileName(run_, index_), FileName(run_, index_));
  file_ = nullptr;
  return status;
}

absl::Status SegmentWriter::End(absl::string_view run_end) {
  buffer_.clear();
  if (file_ == nullptr) {
    if (absl::Status status = Start(); !status.ok()) return status;
  }
  AppendFrame(run_end, durable_bytes_ + buffer_.size(), buffer_, kRunEndMarker);
  if (absl::Status status = WriteBuffer(); !status.ok()) {
    Abandon();
    return status;
  }
  durable_bytes_ += buffer_.size();
  return Finish();
}

}  // namespace tournant
