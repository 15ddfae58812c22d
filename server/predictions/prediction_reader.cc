#include "predictions/prediction_reader.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "predictions/file_names.h"
#include "predictions/posix_log_files.h"
#include "predictions/record_frame.h"

namespace tournant {
namespace {

using Kind = ReadProblem::Kind;

class Reading {
 public:
  Reading(const LogDirectory& directory, const PredictionVisitor& visit)
      : directory_(directory), visit_(visit) {}

  // False when the visitor has had enough.
  bool ReadFile(const std::string& name) {
    absl::StatusOr<std::string> bytes = directory_.ReadAll(name);
    // It may have got its final name since the folder was listed.
    if (absl::IsNotFound(bytes.status()) && IsOpenFile(name)) {
      bytes = directory_.ReadAll(FinishedName(name));
    }
    ++summary_.files;
    if (!bytes.ok()) {
      Problem(Kind::kUnreadable, name, 0, 0, bytes.status().message());
      return true;
    }
    PredictionFileHeader header;
    if (absl::Status status = ReadFileHeader(*bytes, header); !status.ok()) {
      const bool cut_off = absl::IsOutOfRange(status);
      Problem(cut_off ? Kind::kTornTail : Kind::kUnreadable, name, 0,
              std::min(bytes->size(), kFileHeaderSize), status.message());
      // Only records of a known form are read; those of a file with a broken header still carry
      // their own checks.
      if (cut_off || absl::IsUnimplemented(status)) return true;
      header.run = 0;
    }
    return ReadFrames(name, *bytes, header.run);
  }

  ReadSummary Take() { return std::move(summary_); }

 private:
  bool ReadFrames(const std::string& name, absl::string_view bytes, uint64_t run) {
    FrameScanner scanner(bytes);
    for (FrameScanner::Piece piece; scanner.Next(piece);) {
      if (piece.kind == FrameScanner::Kind::kTornTail) {
        Problem(Kind::kTornTail, name, piece.offset, piece.size, "the file ends inside a record");
        continue;
      }
      if (piece.kind == FrameScanner::Kind::kDamage) {
        Problem(Kind::kDamage, name, piece.offset, piece.size, "damaged bytes are passed over");
        continue;
      }
      LoggedPrediction record;
      if (!record.ParseFromArray(piece.payload.data(), static_cast<int>(piece.payload.size()))) {
        Problem(Kind::kDamage, name, piece.offset, piece.size,
                "a record with a valid CRC is not a tournant.LoggedPrediction");
        continue;
      }
      NoteSequence(name, piece.offset, run, record.sequence());
      ++summary_.records;
      if (!visit_(record)) return false;
    }
    return true;
  }

  void NoteSequence(const std::string& name, uint64_t offset, uint64_t run, uint64_t sequence) {
    if (run == 0) return;  // The header that would say is broken.
    uint64_t& last = last_sequence_[run];
    if (sequence > last + 1) {
      const uint64_t missing = sequence - last - 1;
      summary_.missing += missing;
      Problem(Kind::kGap, name, offset, missing,
              absl::StrCat("records ", last + 1, " to ", sequence - 1, " are missing before it"));
    }
    last = std::max(last, sequence);
  }

  void Problem(Kind kind, const std::string& name, uint64_t offset, uint64_t size,
               absl::string_view what) {
    const std::string unit = kind == Kind::kGap ? " records" : " bytes";
    summary_.problems.push_back({kind, name, offset, size,
                                 absl::StrCat(directory_.PathOf(name), " at byte ", offset, ": ",
                                              what, " (", size, unit, ")")});
  }

  const LogDirectory& directory_;
  const PredictionVisitor& visit_;
  ReadSummary summary_;
  std::map<uint64_t, uint64_t> last_sequence_;  // By run.
};

}  // namespace

absl::StatusOr<ReadSummary> ReadPredictions(const LogDirectory& directory,
                                            const PredictionVisitor& visit) {
  const absl::StatusOr<std::vector<std::string>> names = directory.List();
  if (!names.ok()) return names.status();
  Reading reading(directory, visit);
  for (const std::string& name : *names) {
    if (IsLogFile(name) && !reading.ReadFile(name)) break;
  }
  return reading.Take();
}

absl::StatusOr<ReadSummary> ReadPredictions(const std::string& path,
                                            const PredictionVisitor& visit) {
  std::error_code error;
  const std::filesystem::path given(path);
  if (std::filesystem::is_directory(given, error)) {
    return ReadPredictions(PosixLogDirectory(path), visit);
  }
  if (!std::filesystem::exists(given, error)) {
    return absl::NotFoundError(absl::StrCat("there is no prediction log at ", path));
  }
  const std::filesystem::path parent = given.parent_path();
  const PosixLogDirectory directory(parent.empty() ? "." : parent.string());
  Reading reading(directory, visit);
  reading.ReadFile(given.filename().string());
  return reading.Take();
}

}  // namespace tournant
