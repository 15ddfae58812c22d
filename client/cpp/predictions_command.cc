#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"
#include "cpp/number_text.h"
#include "cpp/run_report.h"
#include "cpp/subcommand.h"
#include "predictions/file_names.h"
#include "predictions/posix_log_files.h"
#include "predictions/prediction_counts.h"
#include "predictions/prediction_csv.h"
#include "predictions/prediction_json.h"
#include "predictions/prediction_reader.h"
#include "predictions/pruning.h"
#include "predictions/training_csv.h"

ABSL_FLAG(
    std::string, format, "json",
    "json: one object a line; csv: one line for each row; counts: how many for each model and "
    "hour, as CSV; training: features and outputs of answered calls, as CSV with a typed "
    "column for each element");
ABSL_FLAG(std::string, model, "", "only the predictions of this model");
ABSL_FLAG(bool, skip_degraded, false,
          "only predictions without a feature that was filled because of an error, a timeout or "
          "staleness");
ABSL_FLAG(bool, provenance, false,
          "with --format=training: two more columns for each feature, where its values came from "
          "and when they became true");
ABSL_FLAG(int64_t, limit, 0, "at most so many predictions; 0: all");
ABSL_FLAG(int64_t, prune_to_bytes, 0,
          "delete the oldest finished files until all of them take at most so many bytes; print "
          "no predictions");
ABSL_FLAG(absl::Duration, prune_older, absl::ZeroDuration(),
          "delete the finished files that were last written to longer ago, such as 168h; print no "
          "predictions");
ABSL_FLAG(bool, check, false,
          "print no predictions: tell whether the log is whole, run by run, and end with 1 when "
          "records are missing or damaged");

namespace tournant::client {
namespace {

using Visitor = std::function<void(const LoggedPrediction&)>;

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

int64_t CountOf(const ReadSummary& summary, const std::function<bool(const ReadProblem&)>& is) {
  return std::count_if(summary.problems.begin(), summary.problems.end(), is);
}

// Reads `path` and visits the records that the flags ask for. Whatever is wrong with the files,
// read once, is told by the summary.
absl::StatusOr<ReadSummary> Visit(const std::string& path, const Visitor& visit) {
  const std::string model = absl::GetFlag(FLAGS_model);
  const bool skip_degraded = absl::GetFlag(FLAGS_skip_degraded);
  const int64_t limit = absl::GetFlag(FLAGS_limit);
  int64_t visited = 0;
  return ReadPredictions(path, [&](const LoggedPrediction& record) {
    if (!model.empty() && record.model_name() != model) return true;
    if (skip_degraded && record.features().degraded()) return true;
    visit(record);
    return ++visited != limit;
  });
}

// The columns of a table are known only when every record has been seen.
template <class Table>
absl::StatusOr<ReadSummary> PrintTable(ToolContext& context, const std::string& path, Table table) {
  const auto observed = Visit(path, [&](const LoggedPrediction& record) { table.Observe(record); });
  if (!observed.ok()) return observed.status();
  context.out << table.Header();
  return Visit(path, [&](const LoggedPrediction& record) { context.out << table.Lines(record); });
}

absl::StatusOr<ReadSummary> PrintJson(ToolContext& context, const std::string& path) {
  return Visit(
      path, [&](const LoggedPrediction& record) { context.out << PredictionJson(record) << "\n"; });
}

absl::StatusOr<ReadSummary> PrintCsv(ToolContext& context, const std::string& path) {
  return PrintTable(context, path, PredictionCsv());
}

absl::StatusOr<ReadSummary> PrintTraining(ToolContext& context, const std::string& path) {
  return PrintTable(context, path, TrainingCsv(absl::GetFlag(FLAGS_provenance)));
}

absl::StatusOr<ReadSummary> PrintCounts(ToolContext& context, const std::string& path) {
  PredictionCounts counts;
  auto summary = Visit(path, [&](const LoggedPrediction& record) { counts.Count(record); });
  if (summary.ok()) context.out << counts.Csv();
  return summary;
}

void TellProblems(ToolContext& context, const std::string& path, const ReadSummary& summary) {
  for (const ReadProblem& problem : summary.problems) context.err << problem.text << "\n";
  if (summary.files == 0) context.err << Quote(path) << " holds no file of a prediction log\n";
  if (summary.missing > 0) {
    context.err << Thousands(static_cast<int64_t>(summary.missing)) << " records are missing\n";
  }
  context.out.flush();
}

absl::Status Damage(const std::string& path, int64_t damages) {
  return absl::DataLossError(absl::StrCat(Quote(path), " is damaged or is no prediction log, in ",
                                          damages, damages == 1 ? " place" : " places",
                                          "; the rest was read"));
}

// Numbers count up by one within a run, so a hole is a record that was dropped or lost. A run that
// has not ended is no fault: it may go on.
int Check(ToolContext& context, const std::string& path) {
  const auto summary = ReadPredictions(path, [](const LoggedPrediction&) { return true; });
  if (!summary.ok()) return Failure(context, summary.status());
  const int64_t damages = CountOf(*summary, IsDamage);
  const int64_t gaps = CountOf(
      *summary, [](const ReadProblem& problem) { return problem.kind == ReadProblem::Kind::kGap; });
  context.out << Thousands(static_cast<int64_t>(summary->files)) << " files, "
              << Thousands(static_cast<int64_t>(summary->records)) << " records, "
              << Thousands(static_cast<int64_t>(summary->missing)) << " missing in "
              << Thousands(gaps) << " gaps, " << Thousands(damages) << " places damaged";
  if (summary->pruned > 0) {
    context.out << ", " << Thousands(static_cast<int64_t>(summary->pruned)) << " pruned";
  }
  context.out << "\n";
  for (const RunSummary& run : summary->runs) context.out << RunReport(run) << "\n";
  TellProblems(context, path, *summary);
  if (damages > 0) return Failure(context, Damage(path, damages));
  if (gaps > 0) {
    return Failure(
        context, absl::DataLossError(absl::StrCat(Quote(path), " is not complete: ",
                                                  Thousands(static_cast<int64_t>(summary->missing)),
                                                  " records were dropped or lost")));
  }
  return kExitOk;
}

bool Prunes() {
  return absl::GetFlag(FLAGS_prune_to_bytes) != 0 ||
         absl::GetFlag(FLAGS_prune_older) != absl::ZeroDuration();
}

int Prune(ToolContext& context, const std::string& path) {
  const int64_t bytes = absl::GetFlag(FLAGS_prune_to_bytes);
  const absl::Duration age = absl::GetFlag(FLAGS_prune_older);
  if (bytes < 0) {
    return UsageError(context, absl::InvalidArgumentError("--prune_to_bytes: below 0"));
  }
  if (age < absl::ZeroDuration()) {
    return UsageError(context, absl::InvalidArgumentError("--prune_older: below 0"));
  }
  PruneLimits limits;
  if (bytes > 0) limits.max_bytes = static_cast<uint64_t>(bytes);
  if (age > absl::ZeroDuration()) limits.max_age = absl::ToChronoMilliseconds(age);
  PosixLogDirectory directory(path);
  const auto pruned =
      PrunePredictions(directory, SystemClock().WallNow(), limits, [&](const std::string& name) {
        context.out << "deleted " << directory.PathOf(name) << "\n";
        context.out.flush();
      });
  return pruned.ok() ? kExitOk : Failure(context, pruned.status());
}

int RunPredictions(ToolContext& context) {
  const std::string format = absl::GetFlag(FLAGS_format);
  using Print = absl::StatusOr<ReadSummary> (*)(ToolContext&, const std::string&);
  const Print print = format == "json"       ? PrintJson
                      : format == "csv"      ? PrintCsv
                      : format == "counts"   ? PrintCounts
                      : format == "training" ? PrintTraining
                                             : nullptr;
  if (print == nullptr) {
    return UsageError(
        context, absl::InvalidArgumentError(absl::StrCat(
                     "--format: '", Quote(format), "' is none of json, csv, counts and training")));
  }
  if (absl::GetFlag(FLAGS_provenance) && format != "training") {
    return UsageError(context,
                      absl::InvalidArgumentError("--provenance goes with --format=training only"));
  }
  if (absl::GetFlag(FLAGS_limit) < 0) {
    return UsageError(context, absl::InvalidArgumentError("--limit: below 0"));
  }
  if (Prunes() && absl::GetFlag(FLAGS_check)) {
    return UsageError(context,
                      absl::InvalidArgumentError("--check goes without --prune_to_bytes and "
                                                 "--prune_older, which delete"));
  }
  const std::string& path = context.positional.front();
  if (Prunes()) return Prune(context, path);
  if (absl::GetFlag(FLAGS_check)) return Check(context, path);
  const absl::StatusOr<ReadSummary> summary = print(context, path);
  if (!summary.ok()) return Failure(context, summary.status());
  TellProblems(context, path, *summary);
  const int64_t damages = CountOf(*summary, IsDamage);
  return damages == 0 ? kExitOk : Failure(context, Damage(path, damages));
}

}  // namespace

Subcommand PredictionsCommand() {
  return {.name = "predictions",
          .synopsis = "DIR|FILE",
          .purpose =
              "prints the predictions that a server saved, tells what is damaged or missing, "
              "and deletes the oldest",
          .flags = {"format", "model", "skip_degraded", "provenance", "limit", "check",
                    "prune_to_bytes", "prune_older"},
          .min_positional = 1,
          .max_positional = 1,
          .run = RunPredictions};
}

}  // namespace tournant::client
