#include "predictions/prediction_reader.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "predictions/crc32c.h"
#include "predictions/file_names.h"
#include "predictions/posix_log_files.h"
#include "predictions/prune_mark.h"
#include "predictions/record_block.h"
#include "predictions/record_frame.h"
#include "predictions/run_ledger.h"

namespace tournant {
namespace {

using Kind = ReadProblem::Kind;

class Reading {
 public:
  enum class Of { kFolder, kOneFile };
  Reading(const LogDirectory& directory, const PredictionVisitor& visit, Of of)
      : directory_(directory), visit_(visit), of_(of), runs_(ReadPruneMarks(directory)) {}

  // False when the visitor has had enough.
  bool ReadFile(const std::string& name) {
    absl::StatusOr<std::string> bytes = directory_.ReadAll(name);
    // It may have got its final name since the folder was listed.
    if (absl::IsNotFound(bytes.status()) && IsOpenFile(name)) {
      bytes = directory_.ReadAll(FinishedName(name));
    }
    if (absl::IsNotFound(bytes.status()) && of_ == Of::kFolder && WasPruned(name)) return true;
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
    if (header.run != 0) {
      runs_.Begin(header.run, header.version >= kFirstVersionWithRunEnds,
                  of_ == Of::kOneFile && header.index > 1);
    }
    return ReadFrames(name, *bytes, header.run);
  }

  ReadSummary Take() {
    summary_.runs = runs_.Take();
    for (const RunSummary& run : summary_.runs) summary_.pruned += run.pruned;
    return std::move(summary_);
  }

 private:
  // Whether a file that is gone was deleted on purpose since the folder was listed.
  bool WasPruned(const std::string& name) {
    const std::string mark_name = PruneMarkName(name);
    if (const auto mark = directory_.ReadAll(mark_name); mark.ok()) {
      return runs_.NotePruned(RunOfPruneMark(mark_name), ReadPruneMark(*mark));
    }
    // The mark of a run goes with its last file, and then there is nothing that could be whole.
    const auto names = directory_.List();
    return names.ok() && std::none_of(names->begin(), names->end(), [&](const std::string& other) {
             return PruneMarkName(other) == mark_name;
           });
  }

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
      if (piece.kind == FrameScanner::Kind::kFooter) {
        CheckFooter(name, bytes, piece);
        continue;
      }
      if (piece.kind == FrameScanner::Kind::kRunEnd) {
        ReadRunEnd(name, piece, run);
        continue;
      }
      if (piece.kind == FrameScanner::Kind::kCompressed) {
        if (!ReadBlock(name, piece, run)) return false;
        continue;
      }
      if (!ReadRecord(name, piece, piece.payload, run)) return false;
    }
    return true;
  }

  bool ReadBlock(const std::string& name, const FrameScanner::Piece& piece, uint64_t run) {
    std::string contents;
    std::vector<absl::string_view> payloads;
    if (absl::Status split = SplitBlock(piece.payload, contents, payloads); !split.ok()) {
      Problem(Kind::kDamage, name, piece.offset, piece.size, split.message());
      return true;
    }
    for (const absl::string_view payload : payloads) {
      if (!ReadRecord(name, piece, payload, run)) return false;
    }
    return true;
  }

  // False when the visitor has had enough.
  bool ReadRecord(const std::string& name, const FrameScanner::Piece& piece,
                  absl::string_view payload, uint64_t run) {
    LoggedPrediction record;
    if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      Problem(Kind::kDamage, name, piece.offset, piece.size,
              "a record with a valid CRC is not a tournant.LoggedPrediction");
      return true;
    }
    if (!IsSequence(record.sequence())) {
      Problem(Kind::kDamage, name, piece.offset, piece.size,
              absl::StrCat("a record with a valid CRC has number ", record.sequence(),
                           ", which no log gives"));
      return true;
    }
    // Of a file whose header is broken nobody knows the run.
    if (run != 0) {
      NoteGap(name, piece.offset, runs_.NoteRecord(record.sequence()), "it");
      record.set_run(RunTime(run));
    }
    ++summary_.records;
    return visit_(record);
  }

  // What is wrong within a block has been told piece by piece; but for what nobody can see.
  void CheckFooter(const std::string& name, absl::string_view bytes,
                   const FrameScanner::Piece& piece) {
    BlockFooter footer;
    absl::Status read = ReadBlockFooter(piece.payload, footer);
    if (read.ok() && footer.begin <= piece.offset &&
        Crc32c(bytes.substr(footer.begin, piece.offset - footer.begin)) == footer.crc) {
      return;
    }
    const std::string what =
        read.ok() ? absl::StrCat("the block of ", footer.records, " records before it is damaged")
                  : std::string(read.message());
    const bool told = std::any_of(
        summary_.problems.begin(), summary_.problems.end(), [&](const ReadProblem& problem) {
          return problem.kind == Kind::kDamage && problem.file == name &&
                 problem.offset >= footer.begin && problem.offset < piece.offset;
        });
    if (!told) Problem(Kind::kDamage, name, piece.offset, piece.size, what);
  }

  void ReadRunEnd(const std::string& name, const FrameScanner::Piece& piece, uint64_t run) {
    LoggedRunEnd end;
    if (!end.ParseFromArray(piece.payload.data(), static_cast<int>(piece.payload.size()))) {
      Problem(Kind::kDamage, name, piece.offset, piece.size,
              "the end of a run with a valid CRC is not a tournant.LoggedRunEnd");
    } else if (end.enqueued() == UINT64_MAX) {
      Problem(Kind::kDamage, name, piece.offset, piece.size,
              absl::StrCat("the end of a run with a valid CRC counts ", end.enqueued(),
                           " records, which no log does"));
    } else if (run != 0) {
      NoteGap(name, piece.offset, runs_.NoteEnd(end), "the end of the run");
    }
  }

  void NoteGap(const std::string& name, uint64_t offset, const RunLedger::Gap& gap,
               absl::string_view before) {
    if (gap.size() == 0) return;
    summary_.missing += gap.size();
    Problem(Kind::kGap, name, offset, gap.size(),
            absl::StrCat("records ", gap.first, " to ", gap.last, " are missing before ", before));
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
  const Of of_;
  RunLedger runs_;
};

}  // namespace

absl::StatusOr<ReadSummary> ReadPredictions(const LogDirectory& directory,
                                            const PredictionVisitor& visit) {
  const absl::StatusOr<std::vector<std::string>> names = directory.List();
  if (!names.ok()) return names.status();
  Reading reading(directory, visit, Reading::Of::kFolder);
  for (const std::string& name : *names) {
    if (IsLogFile(name) && !reading.ReadFile(name)) break;
  }
  return reading.Take();
}

ReadSummary ReadPredictionFile(const LogDirectory& directory, const std::string& name,
                               const PredictionVisitor& visit) {
  Reading reading(directory, visit, Reading::Of::kOneFile);
  reading.ReadFile(name);
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
  return ReadPredictionFile(directory, given.filename().string(), visit);
}

}  // namespace tournant
