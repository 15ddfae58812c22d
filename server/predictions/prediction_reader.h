#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "predictions/log_files.h"
#include "predictions/run_ledger.h"
#include "tournant/prediction.pb.h"

namespace tournant {

// Something in the log's files that is not as it should be.
struct ReadProblem {
  enum class Kind {
    kTornTail,    // The file ends inside a record. In a file that is still written, nothing odd.
    kDamage,      // Bytes that are no valid record; reading went on behind them.
    kUnreadable,  // The file, or its header.
    kGap,         // Sequence numbers are missing: records that were dropped, or lost; not pruned.
  };
  Kind kind;
  std::string file;
  uint64_t offset = 0;
  uint64_t size = 0;  // Bytes; for a gap, records.
  std::string text;   // A sentence for people that names the file.
};

struct ReadSummary {
  uint64_t files = 0;
  uint64_t records = 0;
  uint64_t missing = 0;          // Records in gaps.
  uint64_t pruned = 0;           // Records that were deleted on purpose.
  std::vector<RunSummary> runs;  // As far as the files' headers tell, in order.
  std::vector<ReadProblem> problems;
};

// Called with each record in the order in which they were saved; false ends the reading.
using PredictionVisitor = std::function<bool(const LoggedPrediction&)>;

// Reads a log's folder, or one file of it, and gives only records whose CRC is right. What is
// missing before the first record of one file alone is not known. Servers may write, and others
// prune, meanwhile: a file of a folder that is pruned before its turn counts as such. One file is
// in memory at a time. An error means that there is nothing to read at all.
absl::StatusOr<ReadSummary> ReadPredictions(const std::string& path,
                                            const PredictionVisitor& visit);
absl::StatusOr<ReadSummary> ReadPredictions(const LogDirectory& directory,
                                            const PredictionVisitor& visit);
// One file; that it cannot be read is a problem like others.
ReadSummary ReadPredictionFile(const LogDirectory& directory, const std::string& name,
                               const PredictionVisitor& visit);

}  // namespace tournant
