#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/rng.h"
#include "base/status.h"
#include "cpp/channel.h"
#include "cpp/connection_flags.h"
#include "cpp/interrupts.h"
#include "cpp/load_flags.h"
#include "cpp/load_report.h"
#include "cpp/load_run.h"
#include "cpp/output_flag.h"
#include "cpp/random_request.h"
#include "cpp/request_flags.h"
#include "cpp/subcommand.h"

ABSL_FLAG(std::string, dim, "",
          "sizes for random inputs with dimensions of any size: NAME=SIZE[xSIZE...],...");

// Of score_command.cc.
ABSL_DECLARE_FLAG(int, rows);
ABSL_DECLARE_FLAG(std::string, json_summary);
ABSL_DECLARE_FLAG(bool, progress);

namespace tournant::client {
namespace {

// The deadlines of the load may be too short for a new connection.
constexpr std::chrono::milliseconds kSetUpDeadline{5000};

// What is sent, as far as it can be told without the model.
struct Inputs {
  RequestText text;  // Empty: random ones.
  int64_t rows = 1;
  OpenSizes sizes;
};

absl::StatusOr<Inputs> ReadInputs(const ToolContext& context) {
  Inputs inputs;
  absl::StatusOr<RequestText> text = ReadRequestText(context);
  if (!text.ok()) return text.status();
  inputs.text = *std::move(text);
  inputs.rows = absl::GetFlag(FLAGS_rows);
  if (inputs.rows < 1) {
    return absl::InvalidArgumentError(absl::StrCat("--rows: ", inputs.rows, " is not from 1"));
  }
  absl::StatusOr<OpenSizes> sizes = ParseOpenSizes(absl::GetFlag(FLAGS_dim));
  if (!sizes.ok()) return Annotate(sizes.status(), "--dim");
  inputs.sizes = *std::move(sizes);
  if (!inputs.text.empty() && (!inputs.sizes.empty() || inputs.rows != 1)) {
    return absl::InvalidArgumentError(
        "--rows and --dim are for random inputs, and inputs are given");
  }
  return inputs;
}

// The request, serialized; `settings` gets what it is.
absl::StatusOr<std::string> MakeBytes(const Inputs& inputs, const ModelSignature& signature,
                                      LoadSettings& settings) {
  settings.random_inputs = inputs.text.empty();
  SeededRng rng(settings.seed);
  const auto request = settings.random_inputs
                           ? RandomRequest(signature, inputs.rows, inputs.sizes, rng)
                           : MakeRequest(signature, inputs.text);
  if (!request.ok()) return request.status();
  std::string bytes = request->SerializeAsString();
  settings.inputs = InputShapes(*request);
  settings.request_bytes = bytes.size();
  return bytes;
}

absl::StatusOr<ModelSignature> SignatureFor(const LoadSettings& settings, const Clock& clock) {
  const auto channel = OpenChannel(settings.server);
  if (!channel.ok()) return channel.status();
  const auto deadline = DeadlineFlag();
  if (!deadline.ok()) return deadline.status();
  InferenceClient client(*channel, clock, std::max(kSetUpDeadline, *deadline));
  return FetchSignature(client, settings.model, settings.version);
}

int RunLoadTest(ToolContext& context) {
  const auto as_json = OutputIsJson();
  if (!as_json.ok()) return UsageError(context, as_json.status());
  auto settings = LoadSettingsFromFlags(context.positional.front());
  if (!settings.ok()) return UsageError(context, settings.status());
  const auto inputs = ReadInputs(context);
  if (!inputs.ok()) return UsageError(context, inputs.status());
  const std::string path = absl::GetFlag(FLAGS_json_summary);
  std::optional<std::ofstream> summary;
  if (!path.empty()) summary.emplace(path, std::ios::binary | std::ios::trunc);
  if (summary.has_value() && !*summary) {
    return UsageError(context, absl::InvalidArgumentError(
                                   absl::StrCat("--json_summary: cannot write ", Quote(path))));
  }

  const auto signature = SignatureFor(*settings, context.clock);
  if (!signature.ok()) return Failure(context, signature.status());
  const auto bytes = MakeBytes(*inputs, *signature, *settings);
  if (!bytes.ok()) return UsageError(context, bytes.status());
  if (settings->random_inputs) {
    context.err << "no inputs given: sending random ones, " << settings->inputs << "\n";
  }

  std::optional<LoadProgress> progress;
  if (context.err_is_terminal && absl::GetFlag(FLAGS_progress)) {
    progress.emplace(context.err, context.clock, settings->warm_up, settings->duration);
  }
  const Interrupts interrupts;
  const auto counts = RunLoad(*settings, *bytes, context.clock, interrupts.count(),
                              progress.has_value() ? &*progress : nullptr);
  if (!counts.ok()) return Failure(context, counts.status());
  const std::string json = LoadReportJson(*settings, *counts);
  context.out << (*as_json ? json : LoadReportText(*settings, *counts));
  if (summary.has_value() && !(*summary << json << std::flush)) {
    return Failure(context, absl::DataLossError(absl::StrCat("writing ", Quote(path), " failed")));
  }
  return counts->Total().ok > 0 ? kExitOk : kExitFailed;
}

}  // namespace

Subcommand LoadTestCommand() {
  return {.name = "load-test",
          .synopsis = "MODEL [name=value... | --json=FILE|-] (--rate=CALLS/S | --concurrency=N)",
          .purpose =
              "sends one request again and again, at a rate or so many at once, and says what "
              "became of it and how fast",
          .flags = WithLoadFlags({"json", "rows", "dim", "output", "json_summary", "progress"}),
          .defaults = {{"concurrency", "0"}, {"rows", "1"}},
          .min_positional = 1,
          .max_positional = 10'000,
          .run = RunLoadTest};
}

}  // namespace tournant::client
