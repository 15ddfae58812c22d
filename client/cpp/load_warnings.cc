#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cpp/load_report.h"
#include "cpp/number_text.h"

namespace tournant::client {
namespace {

constexpr double kLateShare = 0.01;
constexpr double kBusyShare = 0.9;

double Milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string GeneratorWarning(const LoadSettings& settings, const LoadCounts& counts) {
  const GeneratorCounts& generator = counts.generator;
  std::vector<std::string> found;
  if (const double late = generator.LateShare(); late > kLateShare) {
    found.push_back(absl::StrFormat(
        "%.1f %% of the calls were sent more than 1 ms, or a tenth of their deadline, after they "
        "were due (p99 %.1f ms, max %.1f ms)",
        100 * late, Milliseconds(generator.send_lag.Percentile(0.99)),
        Milliseconds(generator.send_lag.max())));
  }
  if (const int64_t expired = counts.Total().unsent_expired; expired > 0) {
    found.push_back(
        absl::StrCat(Thousands(expired), " calls had passed their deadline when their turn came"));
  }
  const bool busy = generator.BusyCores() > kBusyShare * generator.threads;
  found.push_back(absl::StrFormat("%.2f cores busy with %d thread%s", generator.BusyCores(),
                                  generator.threads, generator.threads == 1 ? "" : "s"));
  return absl::StrCat(
      "the generator could not keep up: ", absl::StrJoin(found, ", "),
      settings.open_loop() ? "; latencies count from when calls were due and include this" : "",
      busy ? "; give it more --threads, each with a core of its own"
           : "; something else kept it from its core");
}

}  // namespace

bool KeptUp(const LoadSettings& settings, const LoadCounts& counts) {
  if (!settings.open_loop()) {
    return counts.generator.BusyCores() <= kBusyShare * counts.generator.threads;
  }
  return counts.generator.LateShare() <= kLateShare && counts.Total().unsent_expired == 0;
}

std::vector<std::string> LoadWarnings(const LoadSettings& settings, const LoadCounts& counts) {
  std::vector<std::string> warnings;
  if (!KeptUp(settings, counts)) warnings.push_back(GeneratorWarning(settings, counts));
  if (const int64_t unsent = counts.Total().unsent_in_flight; unsent > 0) {
    warnings.push_back(absl::StrCat(
        Thousands(unsent), " calls were not sent, since --max_in_flight=", settings.max_in_flight,
        " calls were waiting for answers"));
  }
  return warnings;
}

}  // namespace tournant::client
