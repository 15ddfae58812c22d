// tournant-server: reads the settings, builds the parts in the order in which they need each other,
// waits for signals, and takes the parts down the other way round.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "admission/admission.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/rng.h"
#include "base/status.h"
#include "check_mode.h"
#include "config.h"
#include "cq/grpc_log.h"
#include "feature_source.h"
#include "features/bindings_step.h"
#include "features/brown_out_control.h"
#include "features/feature_caches.h"
#include "features/feature_store_report.h"
#include "features/layered_feature_client.h"
#include "features/shared_layers_metrics.h"
#include "features/view_cells.h"
#include "inference/pool_pressure.h"
#include "inference/version_report.h"
#include "inference/warm_up_step.h"
#include "inference/worker_pool.h"
#include "models/loader.h"
#include "models/registry.h"
#include "part_options.h"
#include "pipeline/blocking_predictor.h"
#include "pipeline/prediction_log_step.h"
#include "pipeline/predictor.h"
#include "predictions/open_prediction_log.h"
#include "predictions/prediction_log.h"
#include "predictions/prediction_metrics.h"
#include "resources.h"
#include "rpc/methods.h"
#include "rpc/model_server.h"
#include "server_flags.h"
#include "server_metrics.h"
#include "signals.h"
#include "status/admission_report.h"
#include "status/cache_report.h"
#include "status/calls_in_flight_report.h"
#include "status/http_server.h"
#include "status/latency_report.h"
#include "status/models_status.h"
#include "status/pool_report.h"
#include "status/rest_service.h"
#include "status/status_pages.h"
#include "telemetry/async_log.h"
#include "telemetry/call_metrics.h"
#include "telemetry/call_stats.h"
#include "telemetry/function_status.h"
#include "telemetry/log.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/process_metrics.h"
#include "torchscript/torch_settings.h"
#include "torchscript/torchscript_factory.h"
#include "tracing.h"

namespace tournant {
namespace {

constexpr int kFailed = 1;
constexpr int kBadSettings = 2;  // Bad flags or a bad repository: starting again will not help.

// Brown-outs take the pool for full when each worker has this much work waiting.
constexpr std::chrono::milliseconds kFullPool{500};

// How long the prediction log may take to write what it holds when nobody wants to wait.
constexpr std::chrono::seconds kHurriedLogBudget{1};
// How long a model may go on with what it computes once nobody waits for it any more.
constexpr std::chrono::seconds kModelBudget{5};

int Fail(int exit_status, const absl::Status& status) {
  Log(LogLevel::kError, "tournant-server ends",
      {{"reason", std::string(status.message())}, {"exit_status", exit_status}});
  return exit_status;
}

void PrintReady(int grpc_port, int http_port) {
  std::string line = absl::StrCat("{\"event\":\"ready\",\"grpc\":", grpc_port);
  if (http_port > 0) absl::StrAppend(&line, ",\"http\":", http_port);
  std::puts(absl::StrCat(line, "}").c_str());
  std::fflush(stdout);
}

[[noreturn]] void EndAtOnce() {
  FlushLog();
  std::fflush(nullptr);
  _exit(kFailed);
}

// Saves what the log holds. False when some of it is lost, which is logged; then its writer may
// hang.
bool CloseLog(PredictionLog* log, Duration budget) {
  if (log == nullptr) return true;
  const bool ended = log->Close(budget);
  const uint64_t lost = log->lost();
  if (ended && lost == 0) return true;
  Log(LogLevel::kError, "the prediction log could not save all that it held",
      {{"lost", lost},
       {"saved", log->counters().durable},
       {"reason", ended ? log->last_error().ToString() : "its writer hangs"}});
  return false;
}

// `feature_clock` tells how old features are; everything else goes by the machine's clock.
int Serve(const Config& config, const CommandLine& command_line, const Clock& feature_clock,
          const sigset_t& signals) {
  const SystemClock clock;
  ConfigureTorch();
  Resources resources(config);
  if (absl::Status fits = resources.CheckBeforeLoading(); !fits.ok()) {
    return Fail(kBadSettings, fits);
  }
  absl::StatusOr<FeatureSource> features = FeatureSource::Open(config, feature_clock);
  if (!features.ok()) return Fail(kBadSettings, features.status());

  std::unique_ptr<PredictionLog> log;
  if (config.prediction_log) {
    auto opened = OpenPredictionLog(*config.prediction_log, PredictionLogOptions(config), clock,
                                    KafkaOpenerOf(config));
    if (!opened.ok()) return Fail(kBadSettings, Annotate(opened.status(), "--prediction_log"));
    log = *std::move(opened);
  }

  MetricsRegistry metrics;
  std::vector<std::unique_ptr<CallMetrics>> loops;
  std::vector<CallMetrics*> writers;
  std::vector<const CallMetrics*> readers;
  for (int i = 0; i < config.completion_queues; ++i) {
    loops.push_back(std::make_unique<CallMetrics>(MethodNames()));
    writers.push_back(loops.back().get());
    readers.push_back(loops.back().get());
  }
  RegisterProcessMetrics(clock, metrics);
  AsyncLog::RegisterWith(metrics);
  if (log != nullptr) RegisterPredictionMetrics(*log, metrics);
  Tracing tracing(config, clock);
  tracing.RegisterWith(metrics);
  BrownOutControl brown_out(clock, {});
  SeededRng cache_rng(RandomSeed());
  FeatureCaches caches(cache_rng);
  ViewCells view_cells;
  std::unique_ptr<LayeredFeatureClient> feature_client = features->MakeClient(brown_out);
  std::optional<FeatureStoreReport> feature_report;
  if (feature_client != nullptr) {
    RegisterSharedLayers(*feature_client->shared(), caches, metrics);
    view_cells.RegisterWith(metrics);
    feature_report.emplace(*feature_client, brown_out, clock);
    feature_report->RegisterWith(metrics);
  }

  ModelRegistry registry;
  AdmissionControl admission(AdmissionOptions(config));
  const AdmissionReport admission_report(admission);
  admission_report.RegisterWith(metrics);
  WorkerPool pool(clock, {.workers = config.workers,
                          .max_queue_jobs = config.max_in_flight,
                          .checks_at_dispatch = config.admission_by_deadline,
                          .tracer = tracing.tracer()});
  const CallStats calls(readers, [&pool] { return QueuedCallsOf(pool.Status()); });
  calls.RegisterWith(metrics);
  const PoolReport pool_report(pool);
  pool_report.RegisterWith(metrics);
  const VersionReport version_report(registry, pool);
  version_report.RegisterWith(metrics);
  if (config.triton_metrics) version_report.RegisterTritonNames(metrics);
  ServerMetrics server_metrics(admission, pool, clock);
  server_metrics.RegisterWith(metrics);
  if (feature_client != nullptr) {
    brown_out.Watch([&](TimePoint now) { return feature_client->Health(now); },
                    [&] { return PoolPressure(pool.Status(), kFullPool); });
  }
  Predictor::Options predictor_options;
  predictor_options.feature_timeout = config.feature_timeout;
  Predictor predictor(registry, &admission, pool, feature_client.get(), log.get(), clock,
                      predictor_options);
  ModelServer::Options server_options = ServerOptions(config);
  server_options.watchdog.longest_execution = [&pool](TimePoint now) {
    return pool.LongestExecution(now);
  };
  std::optional<BlockingPredictor> http_calls;
  server_options.wait_for_background = [&feature_client, &http_calls] {
    if (http_calls) http_calls->End();
    if (feature_client != nullptr) feature_client->WaitForBackground();
  };
  TorchScriptFactory factory(UsableCores(config.cores) / config.workers);
  BindingsStep bindings(feature_client != nullptr,
                        [&source = *features] { return source.registry(); },
                        {&caches, &view_cells});
  PredictionLogStep prediction_log(
      {.has_log = log != nullptr, .mode = config.prediction_log_mode, .salt = SaltOf(config)});
  WarmUpStep warm_up(pool, clock);
  ModelLoader loader(LoaderOptions(config), registry, factory,
                     {&bindings, &prediction_log, &warm_up}, clock);
  server_options.service.repository = &loader;
  server_options.service.tracer = tracing.tracer();
  auto server = ModelServer::Start(server_options, registry, predictor, feature_clock, writers);
  if (!server.ok()) return Fail(kFailed, server.status());
  ServerMetrics::RegisterServer(**server, metrics);

  const FunctionStatus settings("settings", [&] { return ConfigJson(command_line); });
  const ModelsStatus models(registry);
  const LatencyReport latency(readers);
  const AnswerFeaturesReport features_report(readers);
  const CacheReport cache_report(caches);
  const CallsInFlightReport in_flight((*server)->homes(), clock);
  const FunctionStatus server_status("server", [&health = (*server)->health(), &clock, &config,
                                                start = clock.Now()] {
    const std::chrono::duration<double> up = clock.Now() - start;
    const auto yes_no = [](bool yes) { return yes ? "true" : "false"; };
    return absl::StrCat("{\"version\":\"", TOURNANT_VERSION, "\",\"live\":", yes_no(health.live()),
                        ",\"ready\":", yes_no(health.ready()), ",\"uptime_seconds\":", up.count(),
                        ",\"http_infer\":", yes_no(config.http_infer), "}");
  });
  http_calls.emplace(predictor, feature_clock, HttpCallOptions(config, tracing.tracer()),
                     (*server)->homes());
  RestService rest(registry, *http_calls, RestOptions(config));
  std::unique_ptr<HttpServer> http;
  if (!config.http_address.empty()) {
    Health& health = (*server)->health();
    StatusPages pages;
    pages.metrics = &metrics;
    pages.sources = {&server_status, &calls,       &latency,          &in_flight,
                     &models,        &pool_report, &admission_report, &features_report,
                     &resources,     &settings};
    if (feature_report) {
      pages.sources.push_back(&*feature_report);
      pages.sources.push_back(&cache_report);
    }
    if (log != nullptr) pages.sources.push_back(log.get());
    pages.live = [&health] { return health.live(); };
    pages.ready = [&health] { return health.ready(); };
    HttpServer::Routes routes = StatusRoutes(pages);
    routes.merge(rest.Routes());
    auto started = HttpServer::Start({.address = config.http_address}, std::move(routes));
    if (!started.ok()) return Fail(kFailed, Annotate(started.status(), "--http_address"));
    http = *std::move(started);
  }

  absl::Status loaded = LoadOrStop(signals, loader);
  if (loaded.ok()) loaded = resources.CheckAfterLoading(caches.max_bytes());
  if (!loaded.ok()) {
    (*server)->StopAccepting(Duration::zero());
    // Models that were loaded before may have answered calls.
    const bool saved = CloseLog(log.get(), config.prediction_log_close_timeout);
    // Models that did load may be serving: nothing that posts to the loops may outlive them.
    pool.Close();
    loader.Stop();
    const bool cancelled = absl::IsCancelled(loaded);
    const int status = cancelled ? 0 : Fail(kBadSettings, loaded);
    if (!saved) EndAtOnce();
    if (cancelled) Log(LogLevel::kInfo, "ended while loading");
    return status;
  }
  (*server)->health().Refresh();

  Log(LogLevel::kInfo, "ready",
      {{"version", TOURNANT_VERSION},
       {"grpc", (*server)->port()},
       {"workers", config.workers},
       {"completion_queues", config.completion_queues}});
  PrintReady((*server)->port(), http != nullptr ? http->port() : 0);
  WaitForTheEnd(signals, loader);

  std::optional<SecondSignal> second_signal(std::in_place, signals, [&log, &admission] {
    Log(LogLevel::kError, "a second signal ends the server at once",
        {{"calls_in_flight", admission.Read().calls}});
    CloseLog(log.get(), kHurriedLogBudget);
    EndAtOnce();
  });
  (*server)->health().StartDraining();
  WaitOutDrainDelay(config.drain_delay);
  http_calls->StopAccepting(config.drain_grace);
  (*server)->StopAccepting(config.drain_grace);
  // No call is left that could be recorded. While its records are saved, /metrics tells how far it
  // is.
  const bool saved = CloseLog(log.get(), config.prediction_log_close_timeout);
  // A worker or the loader may still be inside Post: they are joined before the loops that they
  // post to end.
  if (!pool.CloseWithin(kModelBudget)) {
    Log(LogLevel::kError, "a model does not end what it computes; the server ends without it");
    EndAtOnce();
  }
  loader.Stop();
  http.reset();  // Its threads may post to the loops as well.
  (*server)->StopLoops();
  feature_client.reset();
  features->Shutdown();
  tracing.Close();
  if (!saved) EndAtOnce();
  Log(LogLevel::kInfo, "drained");
  return 0;
}

int Main(int argc, char** argv) {
  // First thing: Debian builds abseil with deadlock detection on, which costs 6 % of the
  // instructions of a call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  LogGrpcAsOurs();
  const sigset_t signals = BlockSignals();
  const AsyncLog async_log;  // Its thread too leaves the signals alone.
  CommandLine command_line;
  const absl::StatusOr<Config> config = ReadConfig(argc, argv, command_line);
  for (const std::string& warning : command_line.warnings) Log(LogLevel::kWarning, warning);
  if (!config.ok()) return Fail(kBadSettings, config.status());
  if (command_line.help) {
    std::fputs(FlagHelp("tournant-server", "serves TorchScript models over gRPC", ServerFlagNames())
                   .c_str(),
               stdout);
    return 0;
  }
  std::unique_ptr<Clock> clock = std::make_unique<SystemClock>();
  if (config->now) clock = std::make_unique<FixedWallClock>(*config->now);
  if (!config->check_model.empty()) return CheckOneModel(*config, *clock);
  return Serve(*config, command_line, *clock, signals);
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) { return tournant::Main(argc, argv); }
