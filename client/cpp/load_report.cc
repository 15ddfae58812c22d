#include "cpp/load_report.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cpp/number_text.h"

namespace tournant::client {
namespace {

using Row = std::vector<std::string>;

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

std::string MillisecondsText(Duration time) {
  return absl::StrFormat("%.3f", std::chrono::duration<double, std::milli>(time).count());
}

std::string RateText(int64_t count, Duration time) {
  if (time <= Duration(0)) return "-";
  return Thousands(std::llround(static_cast<double>(count) / Seconds(time)));
}

// Columns as wide as what is in them, the first one to the left and the others to the right.
void AddTable(std::string& text, const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  absl::StrAppend(&text, "\n");
  for (const Row& row : rows) {
    absl::StrAppendFormat(&text, "%-*s", static_cast<int>(widths[0]), row[0]);
    for (size_t i = 1; i < row.size(); ++i) {
      absl::StrAppendFormat(&text, "  %*s", static_cast<int>(widths[i]), row[i]);
    }
    absl::StrAppend(&text, "\n");
  }
}

void AddLine(std::string& text, absl::string_view name, absl::string_view value) {
  absl::StrAppendFormat(&text, "%-9s %s\n", name, value);
}

// "critical 100 ms"
std::string NameOf(const CallClass& one) {
  return absl::StrCat(one.criticality, " ", one.deadline.count(), " ms");
}

// What there is a row for: all calls, and with a mix those of each class.
std::vector<std::pair<std::string, ClassCounts>> Parts(const LoadSettings& settings,
                                                       const LoadCounts& counts) {
  std::vector<std::pair<std::string, ClassCounts>> parts = {{"all", counts.Total()}};
  for (size_t i = 0; settings.mixed && i < settings.classes.size(); ++i) {
    parts.emplace_back(NameOf(settings.classes[i]), counts.classes[i]);
  }
  return parts;
}

std::string LoadText(const LoadSettings& settings) {
  std::string text =
      settings.open_loop()
          ? absl::StrFormat(
                "open loop, %g calls/s %s, at most %s in flight", settings.calls_per_s,
                settings.arrivals == Arrivals::kPoisson ? "as a Poisson process" : "evenly",
                Thousands(settings.max_in_flight))
          : absl::StrCat("closed loop, ", Thousands(settings.concurrency), " in flight");
  if (!settings.mixed) {
    absl::StrAppend(&text, ", deadline ", settings.classes.front().deadline.count(), " ms");
  }
  absl::StrAppend(&text, settings.retries ? ", with retries" : "", ", seed ", settings.seed);
  return text;
}

std::string GeneratorText(const LoadSettings& settings, const LoadCounts& counts) {
  const GeneratorCounts& generator = counts.generator;
  std::string text =
      absl::StrFormat("%d thread%s, %.2f cores busy, %d connection%s", settings.threads,
                      settings.threads == 1 ? "" : "s", generator.BusyCores(), settings.channels,
                      settings.channels == 1 ? "" : "s");
  if (settings.open_loop()) {
    absl::StrAppendFormat(&text, "; sent after due: p50 %s ms, p99 %s ms, max %s ms",
                          MillisecondsText(generator.send_lag.Percentile(0.5)),
                          MillisecondsText(generator.send_lag.Percentile(0.99)),
                          MillisecondsText(generator.send_lag.max()));
  }
  return text;
}

void AddLatencies(std::vector<Row>& rows, const std::string& name,
                  const LatencyHistogram& latencies) {
  if (latencies.count() == 0) return;
  rows.push_back(
      {name, Thousands(static_cast<int64_t>(latencies.count())), MillisecondsText(latencies.mean()),
       MillisecondsText(latencies.Percentile(0.5)), MillisecondsText(latencies.Percentile(0.9)),
       MillisecondsText(latencies.Percentile(0.99)), MillisecondsText(latencies.Percentile(0.999)),
       MillisecondsText(latencies.max())});
}

}  // namespace

std::string LoadReportText(const LoadSettings& settings, const LoadCounts& counts) {
  std::string text;
  AddLine(text, "model",
          settings.version.empty() ? settings.model
                                   : absl::StrCat(settings.model, ", version ", settings.version));
  AddLine(text, "inputs",
          absl::StrCat(settings.inputs, settings.random_inputs ? ", random" : "", ", ",
                       Thousands(static_cast<int64_t>(settings.request_bytes)), " bytes"));
  AddLine(text, "load", LoadText(settings));
  AddLine(text, "time",
          absl::StrFormat("%.2f s after %.2f s of warm-up%s", Seconds(counts.measured),
                          Seconds(settings.warm_up), counts.interrupted ? ", interrupted" : ""));
  AddLine(text, "generator", GeneratorText(settings, counts));

  const auto parts = Parts(settings, counts);
  std::vector<Row> calls = {{"calls", "offered", "/s", "sent", "unsent", "ok", "in time",
                             "goodput/s", "rejected", "other errors"}};
  std::vector<Row> latencies = {
      {"latency, ms", "calls", "mean", "p50", "p90", "p99", "p99.9", "max"}};
  for (const auto& [name, part] : parts) {
    calls.push_back({name, Thousands(part.offered), RateText(part.offered, counts.measured),
                     Thousands(part.sent), Thousands(part.unsent()), Thousands(part.ok),
                     Thousands(part.in_time), RateText(part.in_time, counts.measured),
                     Thousands(part.rejected()), Thousands(part.failed() - part.rejected())});
    AddLatencies(latencies, absl::StrCat(name, " ok"), part.ok_latency);
    AddLatencies(latencies, absl::StrCat(name, " rejected"), part.rejected_latency);
  }
  AddTable(text, calls);
  if (latencies.size() > 1) AddTable(text, latencies);

  if (!counts.first_errors.empty()) absl::StrAppend(&text, "\n");
  const ClassCounts total = counts.Total();
  for (const auto& [code, calls_failed] : total.errors) {
    const auto first = counts.first_errors.find(code);
    AddLine(text, "errors",
            absl::StrCat(absl::StatusCodeToString(code), ": ", Thousands(calls_failed),
                         first == counts.first_errors.end() || first->second.empty()
                             ? ""
                             : absl::StrCat(", the first: ", first->second)));
  }
  for (const std::string& warning : LoadWarnings(settings, counts)) {
    absl::StrAppend(&text, "\nwarning: ", warning, "\n");
  }
  return text;
}

}  // namespace tournant::client
