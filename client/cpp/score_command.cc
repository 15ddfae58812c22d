#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "cpp/connection_flags.h"
#include "cpp/request_flags.h"
#include "cpp/rpc_error.h"
#include "cpp/score_run.h"
#include "cpp/subcommand.h"

ABSL_FLAG(std::string, label, "",
          "column with the truth, 0 or 1, which is not sent; gives AUC and Brier score");
ABSL_FLAG(std::string, out, "",
          "file for the outputs, in the order of the rows; - for standard output");
ABSL_FLAG(int, rows, 16, "rows in one request; the model's largest batch is the bound");
ABSL_FLAG(int, concurrency, 32, "requests in flight");
ABSL_FLAG(std::string, json_summary, "", "file for the summary as JSON");
ABSL_FLAG(std::string, prediction, "",
          "output that quality is measured on; needed when several have one number a row");
ABSL_FLAG(bool, progress, true, "show progress on standard error");

namespace tournant::client {
namespace {

constexpr int kMaxRows = 1 << 20;
constexpr int kMaxConcurrency = 10'000;

absl::Status CheckFlags() {
  const int rows = absl::GetFlag(FLAGS_rows);
  if (rows < 1 || rows > kMaxRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("--rows: ", rows, " is not from 1 to ", kMaxRows));
  }
  const int concurrency = absl::GetFlag(FLAGS_concurrency);
  if (concurrency < 1 || concurrency > kMaxConcurrency) {
    return absl::InvalidArgumentError(
        absl::StrCat("--concurrency: ", concurrency, " is not from 1 to ", kMaxConcurrency));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<std::ofstream>> Create(const std::string& flag,
                                                      const std::string& path) {
  auto file = std::make_unique<std::ofstream>(path, std::ios::binary | std::ios::trunc);
  if (*file) return file;
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": cannot write ", Quote(path)));
}

// The size of a regular file, 0 for a pipe; reading starts at the front again.
uint64_t SizeOf(std::ifstream& file) {
  file.seekg(0, std::ios::end);
  const auto size = file.tellg();
  file.clear();
  file.seekg(0);
  file.clear();
  return size > 0 ? static_cast<uint64_t>(size) : 0;
}

int RunScore(ToolContext& context) {
  if (absl::Status checked = CheckFlags(); !checked.ok()) return UsageError(context, checked);
  const std::string& path = context.positional[1];
  if (std::error_code error; std::filesystem::is_directory(path, error)) {
    return UsageError(context, absl::InvalidArgumentError(
                                   absl::StrCat(Quote(path), " is a directory, not a CSV file")));
  }
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  if (path != "-" && !file) {
    return UsageError(context,
                      absl::InvalidArgumentError(absl::StrCat("cannot open ", Quote(path))));
  }
  CsvReader reader(path == "-" ? context.in : file);
  const uint64_t total_bytes = path == "-" ? 0 : SizeOf(file);
  const absl::StatusOr<bool> has_header = reader.Next();
  if (!has_header.ok()) return UsageError(context, Annotate(has_header.status(), path));
  if (!*has_header) {
    return UsageError(context,
                      absl::InvalidArgumentError(absl::StrCat(path, ": the file is empty")));
  }

  const auto client = ConnectedClient(context);
  if (!client.ok()) return UsageError(context, client.status());
  const auto signature = FetchSignature(**client, context.positional.front(), ModelVersionFlag());
  if (!signature.ok()) return Failure(context, signature.status());
  const std::string label = absl::GetFlag(FLAGS_label);
  auto encoder = RowEncoder::Make(*signature, reader.cells(), label);
  if (!encoder.ok()) return UsageError(context, Annotate(encoder.status(), path));
  auto answers = AnswerRows::Make(*signature, absl::GetFlag(FLAGS_prediction));
  if (!answers.ok()) return UsageError(context, answers.status());
  if (!encoder->ignored().empty()) {
    context.err << "not sent, since the model has no such input: "
                << absl::StrJoin(encoder->ignored(), ", ") << "\n";
  }
  if (!label.empty() && !answers->has_prediction()) {
    return UsageError(context, absl::InvalidArgumentError(
                                   "--label needs an output with one number a row; name it with "
                                   "--prediction when there are several"));
  }

  const std::string out_path = absl::GetFlag(FLAGS_out);
  const std::string summary_path = absl::GetFlag(FLAGS_json_summary);
  std::unique_ptr<std::ofstream> out_file;
  std::unique_ptr<std::ofstream> summary_file;
  if (!out_path.empty() && out_path != "-") {
    auto created = Create("out", out_path);
    if (!created.ok()) return UsageError(context, created.status());
    out_file = *std::move(created);
  }
  if (!summary_path.empty()) {
    auto created = Create("json_summary", summary_path);
    if (!created.ok()) return UsageError(context, created.status());
    summary_file = *std::move(created);
  }
  std::ostream* const out = out_path == "-" ? &context.out : out_file.get();

  ScoreRun::Options options;
  options.rows_per_request =
      std::min<int64_t>(absl::GetFlag(FLAGS_rows), std::max<int64_t>(1, signature->max_batch_size));
  options.calls = {.concurrency = static_cast<size_t>(absl::GetFlag(FLAGS_concurrency)),
                   .deadline = (*client)->deadline()};
  options.total_bytes = total_bytes;
  Progress progress(absl::GetFlag(FLAGS_progress) ? &context.err : nullptr, context.err_is_terminal,
                    context.clock);
  ScoreSummary summary;
  summary.model = signature->name;
  summary.has_label = !label.empty();
  ScoreRun run((*client)->stub(), context.clock, options, *std::move(encoder), *std::move(answers),
               out, progress);
  const absl::Status finished = run.Run(reader, summary);

  (out_path == "-" ? context.err : context.out) << SummaryText(summary);
  if (summary_file != nullptr) *summary_file << SummaryJson(summary) << std::flush;
  if (out != nullptr) out->flush();
  if (!finished.ok()) return Failure(context, Annotate(finished, path));
  if (out != nullptr && !*out) {
    return Failure(context, absl::DataLossError(absl::StrCat("writing ", out_path, " failed")));
  }
  return summary.failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace

Subcommand ScoreCommand() {
  return {.name = "score",
          .synopsis = "MODEL FILE.csv|-",
          .purpose =
              "sends every row of a CSV file, whose headers name request tensors, and says "
              "how fast, how many failed and how good",
          .flags = WithConnectionFlags({"label", "out", "rows", "concurrency", "json_summary",
                                        "prediction", "model_version", "progress"}),
          .min_positional = 2,
          .max_positional = 2,
          .run = RunScore};
}

}  // namespace tournant::client
