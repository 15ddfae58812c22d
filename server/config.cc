#include "config.h"

#include <algorithm>
#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/text_file.h"
#include "models/scan_model.h"
#include "server_flags.h"
#include "status/http_address.h"
#include "status/request_checks.h"

namespace tournant {
namespace {

std::chrono::milliseconds Milliseconds(absl::Duration duration) {
  return std::chrono::milliseconds(absl::ToInt64Milliseconds(duration));
}

absl::Status Bad(absl::string_view flag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", what));
}

std::string OrEmpty(const std::string& value) { return value == "none" ? "" : value; }

absl::Status CheckDurations() {
  struct Limits {
    const char* flag;
    absl::Duration value;
    absl::Duration least;
  };
  const Limits all[] = {
      {"feature_timeout", absl::GetFlag(FLAGS_feature_timeout), absl::Milliseconds(1)},
      {"repository_poll_period", absl::GetFlag(FLAGS_repository_poll_period),
       absl::Milliseconds(1)},
      {"default_deadline", absl::GetFlag(FLAGS_default_deadline), absl::Milliseconds(1)},
      {"max_deadline", absl::GetFlag(FLAGS_max_deadline), absl::Milliseconds(1)},
      {"max_connection_age", absl::GetFlag(FLAGS_max_connection_age), absl::ZeroDuration()},
      {"max_queue_wait", absl::GetFlag(FLAGS_max_queue_wait), absl::ZeroDuration()},
      {"log_slow_calls", absl::GetFlag(FLAGS_log_slow_calls), absl::ZeroDuration()},
      {"drain_delay", absl::GetFlag(FLAGS_drain_delay), absl::ZeroDuration()},
      {"drain_grace", absl::GetFlag(FLAGS_drain_grace), absl::ZeroDuration()},
      {"prediction_log_close_timeout", absl::GetFlag(FLAGS_prediction_log_close_timeout),
       absl::ZeroDuration()},
  };
  for (const Limits& limits : all) {
    if (limits.value < limits.least || limits.value > absl::Hours(24)) {
      return Bad(limits.flag, absl::StrCat("must be between ", absl::FormatDuration(limits.least),
                                           " and 24h, not ", absl::FormatDuration(limits.value)));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckChoices() {
  const std::string dialect = absl::GetFlag(FLAGS_status_dialect);
  if (dialect != "tournant" && dialect != "triton") {
    return Bad("status_dialect",
               absl::StrCat("must be tournant or triton, not '", Quote(dialect), "'"));
  }
  const std::string infer = absl::GetFlag(FLAGS_http_infer);
  if (infer != "auto" && infer != "on" && infer != "off") {
    return Bad("http_infer", absl::StrCat("must be auto, on or off, not '", Quote(infer), "'"));
  }
  const std::string admission = absl::GetFlag(FLAGS_admission);
  if (admission != "deadline" && admission != "off") {
    return Bad("admission", absl::StrCat("must be deadline or off, not '", Quote(admission), "'"));
  }
  const std::string store = absl::GetFlag(FLAGS_feature_store);
  if (store != "none" && !absl::StartsWith(store, "sqlite:") &&
      !absl::StartsWith(store, "redis:") && !absl::StartsWith(store, "rediss:") &&
      !absl::StartsWith(store, "feast:") && !absl::StartsWith(store, "grpc:")) {
    return Bad("feature_store",
               absl::StrCat("'", Quote(MaskSecrets(store)),
                            "' is not supported; use none, sqlite:PATH?registry=PATH, "
                            "redis://HOST:PORT?registry=PATH, feast:DIR or grpc:HOST:PORT"));
  }
  if (!absl::GetFlag(FLAGS_feature_registry).empty() && !absl::StartsWith(store, "grpc:") &&
      absl::GetFlag(FLAGS_check_model).empty()) {
    return Bad("feature_registry", "goes with --feature_store=grpc:... or --check_model only");
  }
  return absl::OkStatus();
}

std::optional<ModelControl> ParseControl(absl::string_view text) {
  if (text == "none") return ModelControl::kNone;
  if (text == "explicit") return ModelControl::kExplicit;
  if (text == "poll") return ModelControl::kPoll;
  return std::nullopt;
}

absl::Status CheckRepository() {
  const std::string control = absl::GetFlag(FLAGS_model_control);
  if (!ParseControl(control)) {
    return Bad("model_control",
               absl::StrCat("must be none, explicit or poll, not '", Quote(control), "'"));
  }
  if (!absl::GetFlag(FLAGS_load_model).empty() && control != "explicit") {
    return Bad("load_model", "goes with --model_control=explicit only");
  }
  if (!absl::GetFlag(FLAGS_check_config).empty() && absl::GetFlag(FLAGS_check_model).empty()) {
    return Bad("check_config", "goes with --check_model only");
  }
  if (const std::string name = absl::GetFlag(FLAGS_model_name); !name.empty()) {
    const absl::Status status = CheckModelName(name);
    if (!status.ok()) return Bad("model_name", status.message());
  }
  return absl::OkStatus();
}

// Without the newline that editors leave behind it.
absl::StatusOr<std::string> ReadSalt(const std::string& path) {
  constexpr size_t kLeast = 16;
  constexpr size_t kMost = 4096;
  if (path.empty()) return "";
  absl::StatusOr<std::string> text = ReadTextFile(path, kMost);
  if (!text.ok()) return Annotate(text.status(), "--prediction_log_salt_file");
  absl::StripTrailingAsciiWhitespace(&*text);
  if (text->size() < kLeast) {
    return Bad("prediction_log_salt_file", absl::StrCat(path, " has ", text->size(),
                                                        " bytes, and a key has at least ", kLeast));
  }
  return text;
}

absl::Status ReadKafka(Config& config) {
  const std::string path = absl::GetFlag(FLAGS_prediction_log_kafka_properties);
  if (path.empty()) return absl::OkStatus();
  if (!config.prediction_log || config.prediction_log->kind != LogSink::Kind::kKafka) {
    return Bad("prediction_log_kafka_properties", "goes with --prediction_log=kafka:... only");
  }
  auto properties = ReadKafkaProperties(path);
  if (!properties.ok()) {
    return Annotate(properties.status(), "--prediction_log_kafka_properties");
  }
  config.prediction_log_kafka_properties = *std::move(properties);
  return absl::OkStatus();
}

absl::Status ReadPredictionLog(Config& config) {
  if (const std::string text = OrEmpty(absl::GetFlag(FLAGS_prediction_log)); !text.empty()) {
    absl::StatusOr<LogSink> sink = ParseLogSink(text);
    if (!sink.ok()) return Bad("prediction_log", sink.status().message());
    config.prediction_log = *std::move(sink);
  }
  const std::string text = absl::GetFlag(FLAGS_prediction_log_mode);
  const std::optional<LogMode> mode = ParseLogMode(text);
  if (!mode) {
    return Bad("prediction_log_mode",
               absl::StrCat("must be best_effort, reserve or sync, not '", Quote(text), "'"));
  }
  if (*mode != LogMode::kBestEffort && !config.prediction_log) {
    return Bad("prediction_log_mode", absl::StrCat(text, " goes with --prediction_log only"));
  }
  config.prediction_log_mode = *mode;
  const std::string compression = absl::GetFlag(FLAGS_prediction_log_compression);
  if (compression != "none" && compression != "zstd") {
    return Bad("prediction_log_compression",
               absl::StrCat("must be none or zstd, not '", Quote(compression), "'"));
  }
  config.prediction_log_compress = compression == "zstd";
  absl::StatusOr<std::string> salt = ReadSalt(absl::GetFlag(FLAGS_prediction_log_salt_file));
  if (!salt.ok()) return salt.status();
  config.prediction_log_salt = *std::move(salt);
  config.prediction_log_max_bytes = absl::GetFlag(FLAGS_prediction_log_max_bytes);
  config.prediction_log_max_records = absl::GetFlag(FLAGS_prediction_log_max_records);
  config.prediction_log_close_timeout =
      Milliseconds(absl::GetFlag(FLAGS_prediction_log_close_timeout));
  return ReadKafka(config);
}

absl::Status CheckNumbers() {
  constexpr int kMost = 1024;
  const int workers = absl::GetFlag(FLAGS_workers);
  if (workers < 0 || workers > kMost) return Bad("workers", "must be between 0 and 1024");
  const int queues = absl::GetFlag(FLAGS_completion_queues);
  if (queues < 0 || queues > kMost) return Bad("completion_queues", "must be between 0 and 1024");
  if (absl::GetFlag(FLAGS_max_message_bytes) < 4096) {
    return Bad("max_message_bytes", "must be between 4096 and 2147483647");
  }
  if (absl::GetFlag(FLAGS_max_in_flight) < 1) {
    return Bad("max_in_flight", "must be at least 1");
  }
  if (absl::GetFlag(FLAGS_max_in_flight_bytes) < 0) {
    return Bad("max_in_flight_bytes", "must not be negative");
  }
  if (absl::GetFlag(FLAGS_prediction_log_max_bytes) < 1) {
    return Bad("prediction_log_max_bytes", "must be at least 1");
  }
  if (absl::GetFlag(FLAGS_prediction_log_max_records) < 1) {
    return Bad("prediction_log_max_records", "must be at least 1");
  }
  if (absl::GetFlag(FLAGS_now) < 0) return Bad("now", "must not be negative");
  return absl::OkStatus();
}

int64_t InFlightBytes(const std::optional<CgroupLimits::Memory>& limit) {
  constexpr int64_t kDefault = int64_t{1} << 30;
  if (const int64_t given = absl::GetFlag(FLAGS_max_in_flight_bytes); given > 0) return given;
  return limit ? std::clamp<int64_t>(limit->bytes / 4, 1, kDefault) : kDefault;
}

absl::Status CheckTracing() {
  const double sampling = absl::GetFlag(FLAGS_trace_sampling);
  if (!(sampling >= 0 && sampling <= 1)) return Bad("trace_sampling", "must be between 0 and 1");
  const std::string endpoint = absl::GetFlag(FLAGS_otlp_endpoint);
  if (endpoint != "none") {
    if (absl::StrContains(endpoint, "://")) {
      return Bad("otlp_endpoint",
                 "must be HOST:PORT without a scheme; it is spoken to in the clear");
    }
    return CheckListenAddress("otlp_endpoint", endpoint);
  }
  if (sampling > 0) return Bad("trace_sampling", "goes with --otlp_endpoint=HOST:PORT only");
  return absl::OkStatus();
}

std::string JsonText(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + "\"";
}

}  // namespace

absl::StatusOr<Config> ReadConfig(int argc, char** argv, CommandLine& command_line) {
  absl::StatusOr<CommandLine> read =
      ReadFlags(ServerFlagNames(), Arguments(argc, argv), Environment());
  if (!read.ok()) return read.status();
  command_line = *std::move(read);
  if (command_line.help) return Config();

  for (const absl::Status& check :
       {CheckDurations(), CheckChoices(), CheckRepository(), CheckNumbers(), CheckTracing()}) {
    if (!check.ok()) return check;
  }
  Config config;
  if (absl::Status log = ReadPredictionLog(config); !log.ok()) return log;
  config.check_model = absl::GetFlag(FLAGS_check_model);
  config.check_config = absl::GetFlag(FLAGS_check_config);
  config.model_name = absl::GetFlag(FLAGS_model_name);
  config.model_control =
      ParseControl(absl::GetFlag(FLAGS_model_control)).value_or(ModelControl::kNone);
  config.load_model = absl::StrSplit(absl::GetFlag(FLAGS_load_model), ',', absl::SkipWhitespace());
  for (std::string& name : config.load_model) absl::StripAsciiWhitespace(&name);
  config.repository_poll_period = Milliseconds(absl::GetFlag(FLAGS_repository_poll_period));
  config.model_repository = absl::GetFlag(FLAGS_model_repository);
  if (config.model_repository.empty() && config.check_model.empty()) {
    return Bad("model_repository", "is required: the folder that holds the models");
  }
  config.cores = ReadCoreLimits();
  const int cores = UsableCores(config.cores);
  config.grpc_address = absl::GetFlag(FLAGS_grpc_address);
  absl::Status address = CheckListenAddress("grpc_address", config.grpc_address);
  if (!address.ok()) return address;
  config.http_address = OrEmpty(absl::GetFlag(FLAGS_http_address));
  if (!config.http_address.empty()) {
    address = CheckHttpAddress(config.http_address);
    if (!address.ok()) return Annotate(address, "--http_address");
  }
  const std::string infer = absl::GetFlag(FLAGS_http_infer);
  config.http_infer = infer == "on" || (infer == "auto" && IsLoopback(config.http_address));
  config.feature_store = OrEmpty(absl::GetFlag(FLAGS_feature_store));
  config.feature_registry = absl::GetFlag(FLAGS_feature_registry);
  config.feature_timeout = Milliseconds(absl::GetFlag(FLAGS_feature_timeout));
  config.feature_row_batching = absl::GetFlag(FLAGS_feature_row_batching);
  if (const int64_t now = absl::GetFlag(FLAGS_now); now > 0) {
    config.now = WallTime(std::chrono::seconds(now));
  }
  config.otlp_endpoint = OrEmpty(absl::GetFlag(FLAGS_otlp_endpoint));
  config.trace_sampling = absl::GetFlag(FLAGS_trace_sampling);
  config.log_slow_calls = Milliseconds(absl::GetFlag(FLAGS_log_slow_calls));
  config.workers = absl::GetFlag(FLAGS_workers) > 0 ? absl::GetFlag(FLAGS_workers) : cores;
  config.workers_from = absl::GetFlag(FLAGS_workers) > 0 ? "--workers"
                        : cores < config.cores.affinity  ? "cgroup"
                                                         : "affinity";
  config.completion_queues = absl::GetFlag(FLAGS_completion_queues) > 0
                                 ? absl::GetFlag(FLAGS_completion_queues)
                                 : std::max(1, cores / 4);
  config.exit_on_error = absl::GetFlag(FLAGS_exit_on_error);
  config.default_deadline = Milliseconds(absl::GetFlag(FLAGS_default_deadline));
  config.max_deadline = Milliseconds(absl::GetFlag(FLAGS_max_deadline));
  config.max_message_bytes = absl::GetFlag(FLAGS_max_message_bytes);
  config.admission_by_deadline = absl::GetFlag(FLAGS_admission) == "deadline";
  config.max_in_flight = absl::GetFlag(FLAGS_max_in_flight);
  config.memory_limit = ReadCgroupLimits().memory;
  config.memory_check = absl::GetFlag(FLAGS_memory_check);
  config.max_in_flight_bytes = InFlightBytes(config.memory_limit);
  config.max_queue_wait = Milliseconds(absl::GetFlag(FLAGS_max_queue_wait));
  config.max_connection_age = Milliseconds(absl::GetFlag(FLAGS_max_connection_age));
  config.drain_delay = Milliseconds(absl::GetFlag(FLAGS_drain_delay));
  config.drain_grace = Milliseconds(absl::GetFlag(FLAGS_drain_grace));
  config.triton_dialect = absl::GetFlag(FLAGS_status_dialect) == "triton";
  config.reflection = absl::GetFlag(FLAGS_reflection);
  config.triton_metrics = absl::GetFlag(FLAGS_triton_metrics);
  return config;
}

std::string ConfigJson(const CommandLine& command_line) {
  std::string json = "{";
  for (const std::string& name : ServerFlagNames()) {
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    const auto origin = command_line.origins.find(name);
    absl::StrAppend(&json, json.size() > 1 ? "," : "", JsonText(name),
                    ":{\"value\":", JsonText(MaskSecrets(flag->CurrentValue())), ",\"from\":",
                    JsonText(origin == command_line.origins.end() ? "default" : origin->second),
                    "}");
  }
  return json + "}";
}

}  // namespace tournant
