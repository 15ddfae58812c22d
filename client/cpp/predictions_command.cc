#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cpp/number_text.h"
#include "cpp/subcommand.h"
#include "predictions/file_names.h"
#include "predictions/prediction_csv.h"
#include "predictions/prediction_json.h"
#include "predictions/prediction_reader.h"

ABSL_FLAG(std::string, format, "json", "json: one object a line; csv: one line for each row");
ABSL_FLAG(std::string, model, "", "only the predictions of this model");
ABSL_FLAG(int64_t, limit, 0, "at most so many predictions; 0: all");

namespace tournant::client {
namespace {

// Not what a log has that is still being written, or whose server fell: a last record that is not
// whole, and records that were dropped.
bool IsDamage(const ReadProblem& problem) {
  switch (problem.kind) {
    case ReadProblem::Kind::kDamage:
    case ReadProblem::Kind::kUnreadable:
      return true;
    case ReadProblem::Kind::kTornTail:
      return !IsOpenFile(problem.file);  // A finished file was whole once.
    case ReadProblem::Kind::kGap:
      break;
  }
  return false;
}

// Reads `path` and visits the records that the flags ask for. Whatever is wrong with the files,
// read once, is told by `summary`.
absl::StatusOr<ReadSummary> Visit(const std::string& path,
                                  const std::function<void(const LoggedPrediction&)>& visit) {
  const std::string model = absl::GetFlag(FLAGS_model);
  const int64_t limit = absl::GetFlag(FLAGS_limit);
  int64_t visited = 0;
  return ReadPredictions(path, [&](const LoggedPrediction& record) {
    if (!model.empty() && record.model_name() != model) return true;
    visit(record);
    return ++visited != limit;
  });
}

int RunPredictions(ToolContext& context) {
  const std::string format = absl::GetFlag(FLAGS_format);
  if (format != "json" && format != "csv") {
    return UsageError(context, absl::InvalidArgumentError(absl::StrCat(
                                   "--format: '", Quote(format), "' is neither json nor csv")));
  }
  if (absl::GetFlag(FLAGS_limit) < 0) {
    return UsageError(context, absl::InvalidArgumentError("--limit: below 0"));
  }
  const std::string& path = context.positional.front();
  const bool csv = format == "csv";
  PredictionCsv table;
  if (csv) {
    // The table's columns are known only when every record has been seen.
    const auto observed =
        Visit(path, [&](const LoggedPrediction& record) { table.Observe(record); });
    if (!observed.ok()) return Failure(context, observed.status());
    context.out << table.Header();
  }
  const auto summary = Visit(path, [&](const LoggedPrediction& record) {
    if (csv) {
      context.out << table.Lines(record);
    } else {
      context.out << PredictionJson(record) << "\n";
    }
  });
  if (!summary.ok()) return Failure(context, summary.status());
  for (const ReadProblem& problem : summary->problems) context.err << problem.text << "\n";
  if (summary->files == 0) context.err << Quote(path) << " holds no file of a prediction log\n";
  if (summary->missing > 0) {
    context.err << Thousands(static_cast<int64_t>(summary->missing)) << " records are missing\n";
  }
  context.out.flush();
  const auto damages = std::count_if(summary->problems.begin(), summary->problems.end(), IsDamage);
  if (damages == 0) return kExitOk;
  return Failure(context, absl::DataLossError(absl::StrCat(
                              Quote(path), " is damaged or is no prediction log, in ", damages,
                              damages == 1 ? " place" : " places", "; the rest was read")));
}

}  // namespace

Subcommand PredictionsCommand() {
  return {.name = "predictions",
          .synopsis = "DIR|FILE",
          .purpose = "prints the predictions that a server saved, and what is damaged or missing",
          .flags = {"format", "model", "limit"},
          .min_positional = 1,
          .max_positional = 1,
          .run = RunPredictions};
}

}  // namespace tournant::client
