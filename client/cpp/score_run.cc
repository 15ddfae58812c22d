#include "cpp/score_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cpp/rpc_error.h"

namespace tournant::client {
namespace {

// Requests that may wait behind a slow one, as a multiple of those in flight.
constexpr size_t kReorder = 64;

}  // namespace

ScoreRun::ScoreRun(inference::GRPCInferenceService::Stub& stub, const Clock& clock,
                   const Options& options, RowEncoder encoder, AnswerRows answers,
                   std::ostream* out, Progress& progress)
    : options_(options),
      clock_(clock),
      encoder_(std::move(encoder)),
      answers_(std::move(answers)),
      writer_(out),
      progress_(progress),
      calls_(stub, clock, options.calls,
             [this](uint64_t piece, const absl::Status& status,
                    const inference::ModelInferResponse& response,
                    Duration latency) { OnDone(piece, status, response, latency); }) {
  if (out != nullptr) *out << answers_.Header();
}

absl::Status ScoreRun::Run(CsvReader& reader, ScoreSummary& summary) {
  summary_ = &summary;
  const TimePoint start = clock_.Now();
  absl::Status result;
  for (;;) {
    const absl::StatusOr<bool> more = reader.Next();
    if (!more.ok()) {
      result = more.status();
      break;
    }
    if (!*more) break;
    AddRecord(reader);
    bytes_ = reader.bytes_consumed();
    if (static_cast<int64_t>(current_.records.size()) >= options_.rows_per_request) Send();
  }
  Send();
  while (calls_.Wait()) {
  }
  summary.seconds = std::chrono::duration<double>(clock_.Now() - start).count();
  progress_.Finish();
  return result;
}

void ScoreRun::AddRecord(const CsvReader& reader) {
  ++summary_->rows;
  const auto cells = reader.cells();
  Record record;
  if (const auto label = encoder_.Label(cells); label.has_value()) record.label = *label ? 1 : 0;
  const bool whole = cells.size() == encoder_.columns();
  if (whole && !encoder_.Joins(cells)) Send();
  if (const absl::Status added = encoder_.Add(cells); !added.ok()) {
    record.error = absl::StrCat("INVALID_ARGUMENT: row ", summary_->rows, " (line ", reader.line(),
                                "), ", added.message());
    summary_->AddError(added.code(), record.error, 1);
  }
  current_.records.push_back(std::move(record));
}

void ScoreRun::Send() {
  if (current_.records.empty()) return;
  const uint64_t piece = writer_.Begin();
  current_.rows = encoder_.rows();
  if (current_.rows == 0) {
    std::string text;
    for (const Record& record : current_.records) answers_.AppendError(record.error, text);
    writer_.Finish(piece, std::move(text));
    current_ = Batch();
    return;
  }
  while (calls_.full() || writer_.pending() > kReorder * options_.calls.concurrency) calls_.Wait();
  sent_.emplace_back(piece, std::move(current_));
  current_ = Batch();
  ++summary_->requests;
  calls_.Start(piece, encoder_.TakeRequest());
}

void ScoreRun::OnDone(uint64_t piece, const absl::Status& status,
                      const inference::ModelInferResponse& response, Duration latency) {
  const auto found = std::find_if(sent_.begin(), sent_.end(),
                                  [piece](const auto& entry) { return entry.first == piece; });
  const Batch batch = std::move(found->second);
  sent_.erase(found);
  summary_->latencies.Add(latency);

  std::string text;
  absl::Status outcome = status;
  if (status.ok()) {
    absl::StatusOr<AnswerRows::Reader> rows = answers_.Read(response, batch.rows);
    outcome = rows.status();
    if (rows.ok()) {
      summary_->version = response.model_version();
      summary_->features.Add(response, batch.rows);
      Answer(batch, *rows, text);
    }
  }
  if (!outcome.ok()) FailAll(batch, outcome, text);
  writer_.Finish(piece, std::move(text));
  progress_.Update({.rows = summary_->scored + summary_->failed,
                    .failed = summary_->failed,
                    .bytes = bytes_,
                    .total_bytes = options_.total_bytes});
}

void ScoreRun::Answer(const Batch& batch, AnswerRows::Reader& rows, std::string& text) {
  for (const Record& record : batch.records) {
    if (!record.error.empty()) {
      answers_.AppendError(record.error, text);
      continue;
    }
    std::optional<double> prediction;
    rows.AppendRow(text, prediction);
    ++summary_->scored;
    if (!summary_->has_label) continue;
    if (record.label < 0) {
      ++summary_->unlabelled;
    } else if (prediction.has_value() && !std::isnan(*prediction)) {
      summary_->predictions.push_back(*prediction);
      summary_->labels.push_back(record.label);
    }
  }
}

void ScoreRun::FailAll(const Batch& batch, const absl::Status& status, std::string& text) {
  const std::string error = ErrorText(status);
  summary_->AddError(status.code(), error, batch.rows);
  for (const Record& record : batch.records) {
    answers_.AppendError(record.error.empty() ? error : record.error, text);
  }
}

}  // namespace tournant::client
