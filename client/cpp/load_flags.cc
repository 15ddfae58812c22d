#include "cpp/load_flags.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "cpp/channel.h"
#include "cpp/connection_flags.h"
#include "cpp/request_flags.h"

ABSL_FLAG(double, rate, 0, "open loop: calls a second, sent when they are due whatever comes back");
ABSL_FLAG(std::string, arrivals, "poisson",
          "when the calls of an open loop are due: poisson, as from many callers, or constant");
ABSL_FLAG(absl::Duration, duration, absl::Seconds(10), "how long to measure");
ABSL_FLAG(absl::Duration, warm_up, absl::Seconds(1), "before that: calls are sent and not counted");
ABSL_FLAG(std::string, mix, "",
          "classes of calls as CLASS[:SHARE[:DEADLINE]],... with CLASS one of critical-plus, "
          "critical, sheddable-plus, sheddable; such as critical:70:100ms,sheddable:30:50ms");
ABSL_FLAG(uint64_t, seed, 1, "of arrivals, mix and random inputs: the same seed, the same calls");
ABSL_FLAG(int, channels, 1, "connections, used in turn");
ABSL_FLAG(int, threads, 1, "threads that share the load, each best with a core of its own");
ABSL_FLAG(int, max_in_flight, 10'000,
          "open loop: a call that is due while as many wait is not sent, and counted as unsent");
ABSL_FLAG(bool, retries, false,
          "retry as the client library does; off, since it hides what the server does");

// Of score_command.cc.
ABSL_DECLARE_FLAG(int, concurrency);

namespace tournant::client {
namespace {

absl::Status CheckRange(absl::string_view flag, int value, int from, int to) {
  if (value >= from && value <= to) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": ", value, " is not from ", from, " to ", to));
}

absl::Status ReadLoop(LoadSettings& settings) {
  settings.calls_per_s = absl::GetFlag(FLAGS_rate);
  settings.concurrency = absl::GetFlag(FLAGS_concurrency);
  if (!(settings.calls_per_s >= 0 && settings.calls_per_s <= 1e6)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--rate: ", settings.calls_per_s, " is not above 0 and up to 1000000"));
  }
  if ((settings.calls_per_s > 0) == (settings.concurrency != 0)) {
    return absl::InvalidArgumentError(
        "give either --rate for an open loop or --concurrency for a closed one");
  }
  const std::string arrivals = absl::GetFlag(FLAGS_arrivals);
  if (arrivals != "poisson" && arrivals != "constant") {
    return absl::InvalidArgumentError(
        absl::StrCat("--arrivals: '", Quote(arrivals), "' is neither poisson nor constant"));
  }
  settings.arrivals = arrivals == "poisson" ? Arrivals::kPoisson : Arrivals::kConstant;
  const absl::Duration duration = absl::GetFlag(FLAGS_duration);
  const absl::Duration warm_up = absl::GetFlag(FLAGS_warm_up);
  if (duration < absl::Milliseconds(1) || duration > absl::Hours(24)) {
    return absl::InvalidArgumentError("--duration: from 1ms to 24h");
  }
  if (warm_up < absl::ZeroDuration() || warm_up > absl::Hours(24)) {
    return absl::InvalidArgumentError("--warm_up: from 0s to 24h");
  }
  settings.duration = absl::ToChronoNanoseconds(duration);
  settings.warm_up = absl::ToChronoNanoseconds(warm_up);
  return absl::OkStatus();
}

absl::Status ReadSizes(LoadSettings& settings) {
  settings.channels = absl::GetFlag(FLAGS_channels);
  settings.threads = absl::GetFlag(FLAGS_threads);
  settings.max_in_flight = absl::GetFlag(FLAGS_max_in_flight);
  // The threads share what may be in flight.
  const int most_threads =
      std::min(64, settings.open_loop() ? settings.max_in_flight : settings.concurrency);
  absl::Status status = CheckRange("max_in_flight", settings.max_in_flight, 1, 1'000'000);
  if (status.ok() && !settings.open_loop()) {
    status = CheckRange("concurrency", settings.concurrency, 1, 100'000);
  }
  if (status.ok()) status = CheckRange("threads", settings.threads, 1, most_threads);
  if (status.ok()) status = CheckRange("channels", settings.channels, 1, 1000);
  return status;
}

}  // namespace

std::vector<std::string> WithLoadFlags(std::vector<std::string> flags) {
  flags.insert(flags.begin(),
               {"rate", "concurrency", "arrivals", "duration", "warm_up", "mix", "seed", "channels",
                "threads", "max_in_flight", "retries", "model_version"});
  return WithConnectionFlags(std::move(flags));
}

absl::StatusOr<LoadSettings> LoadSettingsFromFlags(const std::string& model) {
  LoadSettings settings;
  settings.server = ServerFlag();
  settings.model = model;
  settings.version = ModelVersionFlag();
  settings.seed = absl::GetFlag(FLAGS_seed);
  settings.retries = absl::GetFlag(FLAGS_retries);
  if (absl::Status status = ReadLoop(settings); !status.ok()) return status;
  if (absl::Status status = ReadSizes(settings); !status.ok()) return status;
  const auto deadline = DeadlineFlag();
  if (!deadline.ok()) return deadline.status();
  const std::string mix = absl::GetFlag(FLAGS_mix);
  auto classes = ParseMix(mix, *deadline);
  if (!classes.ok()) return Annotate(classes.status(), "--mix");
  settings.classes = *std::move(classes);
  settings.mixed = !mix.empty();
  const absl::StatusOr<std::string> target = TargetFor(settings.server);
  if (!target.ok()) return Annotate(target.status(), "--server");
  return settings;
}

}  // namespace tournant::client
