#pragma once

#include <cstdint>
#include <deque>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cpp/answer_rows.h"
#include "cpp/async_infer.h"
#include "cpp/csv_reader.h"
#include "cpp/ordered_writer.h"
#include "cpp/progress.h"
#include "cpp/row_encoder.h"
#include "cpp/score_summary.h"

namespace tournant::client {

// Sends the records of a CSV file to a model, several rows a request and many requests at once, and
// writes the answers in the order of the file. A row that cannot be sent, or whose request fails,
// is written with its error and counted; the others go on. Memory stays bounded: reading waits
// while the oldest request holds too many answers back. One thread; used once.
class ScoreRun {
 public:
  struct Options {
    int64_t rows_per_request = 16;
    AsyncInfer::Options calls;
    uint64_t total_bytes = 0;  // Of the input, for progress; 0: unknown.
  };

  // `out` may be null: nothing is written. All references have to outlive this.
  ScoreRun(inference::GRPCInferenceService::Stub& stub, const Clock& clock, const Options& options,
           RowEncoder encoder, AnswerRows answers, std::ostream* out, Progress& progress);

  // Reads `reader`, whose header has been read, to its end. An error of the file's form ends it
  // early; `summary` then holds what came before.
  absl::Status Run(CsvReader& reader, ScoreSummary& summary);

 private:
  // A record of a request, in the order of the file.
  struct Record {
    std::string error;       // Not empty: it was not sent.
    signed char label = -1;  // -1: none.
  };
  struct Batch {
    std::vector<Record> records;
    int64_t rows = 0;  // Sent.
  };

  void AddRecord(const CsvReader& reader);
  void Send();
  void OnDone(uint64_t piece, const absl::Status& status,
              const inference::ModelInferResponse& response, Duration latency);
  void Answer(const Batch& batch, AnswerRows::Reader& rows, std::string& text);
  void FailAll(const Batch& batch, const absl::Status& status, std::string& text);

  const Options options_;
  const Clock& clock_;
  RowEncoder encoder_;
  const AnswerRows answers_;
  OrderedWriter writer_;
  Progress& progress_;

  ScoreSummary* summary_ = nullptr;
  Batch current_;
  std::deque<std::pair<uint64_t, Batch>> sent_;  // By piece; a handful, searched from the front.
  uint64_t bytes_ = 0;
  AsyncInfer calls_;  // Last: its destructor ends the calls that report to the members above.
};

}  // namespace tournant::client
