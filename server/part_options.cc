#include "part_options.h"

#include <unistd.h>

#include <climits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/rng.h"
#ifdef TOURNANT_KAFKA
#include "predictions/kafka/kafka_store.h"
#endif

namespace tournant {
namespace {

std::string OwnExecutable() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  return length > 0 ? std::string(path, static_cast<size_t>(length)) : std::string();
}

CallLimits Limits(const Config& config) {
  return {.default_deadline = config.default_deadline, .max_deadline = config.max_deadline};
}

}  // namespace

BlockingPredictor::Options HttpCallOptions(const Config& config, Tracer* tracer) {
  return {.limits = Limits(config),
          .slow_call = config.log_slow_calls,
          .tracer = tracer,
          .method = "POST /v2/models/{model}/infer",
          .http = true};
}

RestService::Options RestOptions(const Config& config) {
  RestService::Options options;
  options.infer = config.http_infer;
  options.max_message_bytes = config.max_message_bytes;
  return options;
}

ModelServer::Options ServerOptions(const Config& config) {
  ModelServer::Options options;
  options.address = config.grpc_address;
  options.max_message_bytes = config.max_message_bytes;
  options.reflection = config.reflection;
  options.max_connection_age = config.max_connection_age;
  options.service.calls.limits = Limits(config);
  options.service.calls.slow_call = config.log_slow_calls;
  options.service.calls.dialect =
      config.triton_dialect ? StatusDialect::kTriton : StatusDialect::kTournant;
  return options;
}

AdmissionControl::Options AdmissionOptions(const Config& config) {
  AdmissionControl::Options options;
  options.by_deadline = config.admission_by_deadline;
  options.workers = config.workers;
  options.max_calls = config.max_in_flight;
  options.max_bytes = config.max_in_flight_bytes;
  if (config.max_queue_wait.count() > 0) options.max_wait = config.max_queue_wait;
  options.seed = RandomSeed();
  return options;
}

PredictionLog::Options PredictionLogOptions(const Config& config) {
  PredictionLog::Options options;
  options.limits.max_bytes = static_cast<size_t>(config.prediction_log_max_bytes);
  options.limits.max_records = static_cast<size_t>(config.prediction_log_max_records);
  options.seed = RandomSeed();
  options.files.compress = config.prediction_log_compress;
  return options;
}

KafkaOpener KafkaOpenerOf(const Config& config) {
#ifdef TOURNANT_KAFKA
  return [compress = config.prediction_log_compress,
          properties = config.prediction_log_kafka_properties](
             const LogSink& sink) -> absl::StatusOr<std::unique_ptr<RecordStore>> {
    return KafkaStore::Open({.brokers = sink.brokers,
                             .topic = sink.topic,
                             .compress = compress,
                             .properties = properties});
  };
#else
  return nullptr;
#endif
}

std::string SaltOf(const Config& config) {
  if (!config.prediction_log_salt.empty()) return config.prediction_log_salt;
  return absl::StrCat(RandomSeed(), "-", RandomSeed(), "-", RandomSeed());
}

ModelLoader::Options LoaderOptions(const Config& config) {
  ModelLoader::Options options;
  options.repository = config.model_repository;
  options.model_name = config.model_name;
  options.control = config.model_control;
  options.poll_period = config.repository_poll_period;
  options.load_at_start = config.load_model;
  options.child_check.executable = OwnExecutable();
  options.exit_on_error = config.exit_on_error;
  return options;
}

}  // namespace tournant
