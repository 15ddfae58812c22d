// tournant-feature-store: serves a Feast online store by Feast's own protocol.

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/status.h"
#include "cq/grpc_log.h"
#include "feast/entity_key.h"
#include "feature_store/event_time.h"
#include "feature_store/feast_repository.h"
#include "feature_store/feature_store_server.h"
#include "feature_store_pages.h"
#include "status/http_address.h"
#include "status/http_server.h"
#include "telemetry/async_log.h"
#include "telemetry/log.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/process_metrics.h"

ABSL_FLAG(std::string, store, "",
          "The online store: sqlite:PATH, or redis://[user:password@]host:port[,host:port]/db with "
          "?mode=cluster (and &replicas=true to read from replicas) or "
          "?mode=sentinel&master=NAME, where the hosts are sentinels. Or feast:DIR, a Feast "
          "repository, whose feature_store.yaml says all of it. Required.");
ABSL_FLAG(std::string, registry, "",
          "Path of Feast's registry file. Required, but with --store=feast:DIR.");
ABSL_FLAG(std::string, grpc_address, "127.0.0.1:6566",
          "Address to listen on; port 0 takes a free one.");
ABSL_FLAG(
    std::string, http_address, "",
    "Where /metrics, /livez and /readyz are served, on IPv4, such as 127.0.0.1:6567; empty or "
    "none: nowhere.");
ABSL_FLAG(std::string, project, "",
          "Feast project to serve; may be left out where the registry holds exactly one.");
ABSL_FLAG(std::string, key_version, "",
          "entity_key_serialization_version of the store: 1, 2, 3 or 3-legacy; empty: 3, or what "
          "feature_store.yaml says.");
ABSL_FLAG(std::string, versioned_views, "",
          "true or false: whether the store was written with "
          "registry.enable_online_feature_view_versioning; empty: false, or what "
          "feature_store.yaml says.");
ABSL_FLAG(
    std::string, writer_tz, "UTC",
    "Time zone of the process that materialized into SQLite: UTC or an offset such as +02:00.");
ABSL_FLAG(int64_t, max_in_flight, tournant::CallLimitOptions().max_calls,
          "Calls that are answered at once; more are RESOURCE_EXHAUSTED.");
ABSL_FLAG(int64_t, max_in_flight_bytes, tournant::CallLimitOptions().max_bytes,
          "Bytes of requests and answers in memory, beyond which a call is RESOURCE_EXHAUSTED.");
ABSL_FLAG(int, max_message_bytes, 64 << 20, "Largest message in either direction.");
ABSL_FLAG(absl::Duration, max_connection_age, absl::Minutes(5),
          "Connections are closed after this time, so that clients resolve again; 0: never.");
ABSL_FLAG(std::string, now, "",
          "Seconds since 1970 that the age of features is taken at, for historic data; empty: the "
          "clock.");

namespace tournant {
namespace {

constexpr std::chrono::seconds kDrainGrace{30};
constexpr int kFailed = 1;
constexpr int kBadSettings = 2;

int Fail(absl::string_view message, const absl::Status& status, int exit_status) {
  Log(LogLevel::kError, message, {{"error", std::string(status.message())}});
  return exit_status;
}

absl::StatusOr<std::unique_ptr<Clock>> MakeClock(const std::string& now) {
  if (now.empty()) return std::make_unique<SystemClock>();
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(now, &seconds)) {
    return absl::InvalidArgumentError(absl::StrCat("--now: bad value '", now, "'"));
  }
  return std::make_unique<FixedWallClock>(WallTime(std::chrono::seconds(seconds)));
}

// Flags win over what the repository of --store=feast:DIR says.
absl::StatusOr<FeatureStoreOptions> OptionsFromFlags() {
  FeatureStoreOptions options;
  std::string store = absl::GetFlag(FLAGS_store);
  if (absl::string_view repository = store; absl::ConsumePrefix(&repository, "feast:")) {
    absl::StatusOr<FeatureStoreOptions> read =
        ReadFeastRepository(std::string(repository), Environment());
    if (!read.ok()) return Annotate(read.status(), "--store");
    options = *std::move(read);
  } else {
    options.store = std::move(store);
  }
  const auto override = [](std::string flag, std::string& option) {
    if (!flag.empty()) option = std::move(flag);
  };
  override(absl::GetFlag(FLAGS_registry), options.registry);
  override(absl::GetFlag(FLAGS_project), options.project);
  override(absl::GetFlag(FLAGS_key_version), options.key_version);
  if (const std::string versioned = absl::GetFlag(FLAGS_versioned_views); !versioned.empty()) {
    const absl::Status set = SetVersionedViews(versioned, options);
    if (!set.ok()) return Annotate(set, "--versioned_views");
  }
  options.address = absl::GetFlag(FLAGS_grpc_address);
  options.writer_tz = absl::GetFlag(FLAGS_writer_tz);
  options.call_limit = {absl::GetFlag(FLAGS_max_in_flight),
                        absl::GetFlag(FLAGS_max_in_flight_bytes)};
  options.max_message_bytes = static_cast<size_t>(absl::GetFlag(FLAGS_max_message_bytes));
  options.max_connection_age =
      std::chrono::milliseconds(absl::ToInt64Milliseconds(absl::GetFlag(FLAGS_max_connection_age)));
  return options;
}

absl::Status CheckLimits() {
  const std::pair<const char*, int64_t> limits[] = {
      {"max_in_flight", absl::GetFlag(FLAGS_max_in_flight)},
      {"max_in_flight_bytes", absl::GetFlag(FLAGS_max_in_flight_bytes)},
      {"max_message_bytes", absl::GetFlag(FLAGS_max_message_bytes)}};
  for (const auto& [flag, value] : limits) {
    if (value < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, ": must be at least 1, not ", value));
    }
  }
  const absl::Duration age = absl::GetFlag(FLAGS_max_connection_age);
  if (age < absl::ZeroDuration() || age > absl::Hours(24)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--max_connection_age: must be between 0 and 24h, not ", absl::FormatDuration(age)));
  }
  return absl::OkStatus();
}

std::string HttpAddress() {
  const std::string address = absl::GetFlag(FLAGS_http_address);
  return address == "none" ? "" : address;
}

// The server checks most of these too, but in its embedded form they are no flags.
absl::Status CheckValues(const FeatureStoreOptions& options) {
  if (absl::Status address = CheckListenAddress("grpc_address", options.address); !address.ok()) {
    return address;
  }
  if (const std::string http = HttpAddress(); !http.empty()) {
    if (absl::Status address = CheckHttpAddress(http); !address.ok()) {
      return Annotate(address, "--http_address");
    }
  }
  if (const absl::Status store = CheckStoreName(options.store); !store.ok()) {
    return Annotate(store, "--store");
  }
  if (const auto version = ParseKeyVersion(options.key_version); !version.ok()) {
    return Annotate(version.status(), "--key_version");
  }
  if (const auto zone = ParseFixedZone(options.writer_tz); !zone.ok()) {
    return Annotate(zone.status(), "--writer_tz");
  }
  return CheckLimits();
}

// The signals that main waits for. Blocked before any thread exists, so that no thread gets them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void WaitForStop(const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGHUP) return;
    Log(LogLevel::kInfo, "SIGHUP is ignored: the registry is read again when its file changes");
  }
}

void PrintReady(int grpc_port, int http_port) {
  std::string line = absl::StrCat("{\"event\":\"ready\",\"grpc\":", grpc_port);
  if (http_port > 0) absl::StrAppend(&line, ",\"http\":", http_port);
  std::puts(absl::StrCat(line, "}").c_str());
  std::fflush(stdout);
}

void RegisterBuildInfo(MetricsRegistry& metrics) {
  metrics.AddGauges("tournant_feature_store_build_info",
                    "Always 1; the versions of the server and of gRPC are its labels.", [] {
                      return std::vector<MetricSample>{
                          {{{"version", TOURNANT_VERSION}, {"grpc", grpc::Version()}}, 1}};
                    });
}

int Run(int argc, char** argv) {
  const std::vector<std::string> names = {"store",
                                          "registry",
                                          "grpc_address",
                                          "http_address",
                                          "project",
                                          "key_version",
                                          "writer_tz",
                                          "versioned_views",
                                          "now",
                                          "max_in_flight",
                                          "max_in_flight_bytes",
                                          "max_message_bytes",
                                          "max_connection_age"};
  const absl::StatusOr<CommandLine> line = ReadFlags(names, Arguments(argc, argv), Environment());
  if (!line.ok()) return Fail("bad command line", line.status(), kBadSettings);
  if (line->help) {
    const std::string text =
        FlagHelp("tournant-feature-store", "serves a Feast online store over gRPC", names);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  for (const std::string& warning : line->warnings) {
    Log(LogLevel::kWarning, "environment", {{"warning", warning}});
  }

  const absl::StatusOr<FeatureStoreOptions> given = OptionsFromFlags();
  if (!given.ok()) return Fail("bad command line", given.status(), kBadSettings);
  const FeatureStoreOptions& options = *given;
  for (const char* required : {"store", "registry", "grpc_address"}) {
    const bool given = required == std::string("store")      ? !options.store.empty()
                       : required == std::string("registry") ? !options.registry.empty()
                                                             : !options.address.empty();
    if (!given) {
      return Fail("bad command line",
                  absl::InvalidArgumentError(absl::StrCat("--", required, " is required")),
                  kBadSettings);
    }
  }
  const absl::Status values = CheckValues(options);
  if (!values.ok()) return Fail("bad command line", values, kBadSettings);
  const absl::StatusOr<std::unique_ptr<Clock>> clock = MakeClock(absl::GetFlag(FLAGS_now));
  if (!clock.ok()) return Fail("bad command line", clock.status(), kBadSettings);

  const sigset_t signals = BlockSignals();
  const AsyncLog async_log;
  absl::StatusOr<std::unique_ptr<FeatureStoreServer>> server =
      FeatureStoreServer::Start(options, **clock);
  if (!server.ok()) {
    const bool settings =
        absl::IsInvalidArgument(server.status()) || absl::IsNotFound(server.status());
    return Fail("cannot start", server.status(), settings ? kBadSettings : kFailed);
  }
  const SystemClock system_clock;
  MetricsRegistry metrics;
  RegisterProcessMetrics(system_clock, metrics);
  AsyncLog::RegisterWith(metrics);
  RegisterBuildInfo(metrics);
  (*server)->RegisterWith(metrics);
  std::unique_ptr<HttpServer> http;
  if (const std::string address = HttpAddress(); !address.empty()) {
    auto started = HttpServer::Start({.address = address}, FeatureStoreRoutes(metrics, **server));
    if (!started.ok()) {
      return Fail("cannot start", Annotate(started.status(), "--http_address"), kFailed);
    }
    http = *std::move(started);
  }
  const std::shared_ptr<const FeatureRegistry> registry = (*server)->registry();
  Log(LogLevel::kInfo, "serving features",
      {{"project", registry->project()},
       {"views", registry->views().size()},
       {"services", registry->services().size()},
       {"store", MaskSecrets(options.store)},
       {"port", (*server)->port()}});
  PrintReady((*server)->port(), http != nullptr ? http->port() : 0);

  WaitForStop(signals);
  Log(LogLevel::kInfo, "draining");
  (*server)->Shutdown(kDrainGrace);
  Log(LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) {
  // Debian's abseil looks for lock cycles at every lock that gRPC takes: 6 % of the instructions.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  tournant::LogGrpcAsOurs();
  return tournant::Run(argc, argv);
}
