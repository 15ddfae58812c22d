#include "predictions/recovery.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "predictions/file_names.h"
#include "predictions/record_frame.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

struct Contents {
  uint64_t frames = 0;       // Of records, or of the end of a run.
  uint64_t valid_bytes = 0;  // Up to the end of the last valid frame.
  bool damaged = false;      // More is wrong than that the end is missing.
};

Contents Examine(absl::string_view bytes) {
  Contents contents;
  PredictionFileHeader header;
  contents.damaged = bytes.size() >= kFileHeaderSize && !ReadFileHeader(bytes, header).ok();
  FrameScanner scanner(bytes);
  for (FrameScanner::Piece piece; scanner.Next(piece);) {
    using Kind = FrameScanner::Kind;
    contents.damaged |= piece.kind == Kind::kDamage;
    if (piece.kind == Kind::kDamage || piece.kind == Kind::kTornTail) continue;
    if (piece.kind != Kind::kFooter) ++contents.frames;
    contents.valid_bytes = piece.offset + piece.size;
  }
  return contents;
}

absl::Status Recover(LogDirectory& directory, const std::string& name) {
  auto file = directory.Open(name);
  if (!file.ok()) return file.status();
  const absl::StatusOr<std::string> bytes = directory.ReadAll(name);
  if (!bytes.ok()) return bytes.status();
  const Contents contents = Examine(*bytes);
  if (contents.frames == 0) {
    if (!contents.damaged) return directory.Remove(name);
    return directory.Rename(name, absl::StrCat(FinishedName(name), kDamagedSuffix));
  }
  if (contents.valid_bytes < bytes->size()) {
    if (absl::Status status = (*file)->Truncate(contents.valid_bytes); !status.ok()) return status;
    if (absl::Status status = (*file)->Sync(); !status.ok()) return status;
  }
  Log(LogLevel::kInfo, "recovered a file of the prediction log",
      {{"file", directory.PathOf(FinishedName(name))},
       {"frames", size_t{contents.frames}},
       {"bytes_cut_off", bytes->size() - contents.valid_bytes}});
  return directory.Rename(name, FinishedName(name));
}

}  // namespace

absl::Status RecoverOpenFiles(LogDirectory& directory) {
  const absl::StatusOr<std::vector<std::string>> names = directory.List();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!IsOpenFile(name)) continue;
    const absl::Status status = Recover(directory, name);
    if (status.ok() || absl::IsFailedPrecondition(status)) continue;
    Log(LogLevel::kWarning, "a file of the prediction log cannot be recovered and is left as it is",
        {{"file", directory.PathOf(name)}, {"error", status.ToString()}});
  }
  return absl::OkStatus();
}

}  // namespace tournant
