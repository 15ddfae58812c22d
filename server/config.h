#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/cgroup.h"
#include "base/clock.h"
#include "base/cores.h"
#include "base/flags.h"
#include "models/prediction_log_parameters.h"
#include "models/repository_control.h"
#include "predictions/kafka_properties.h"
#include "predictions/log_sink.h"

namespace tournant {

// Every knob of tournant-server, read from flags and checked. README and --help say what each does.
struct Config {
  std::string model_repository;
  std::string model_name;  // Of the only model; empty: the repository holds models by name.
  ModelControl model_control = ModelControl::kNone;
  std::vector<std::string> load_model;  // To load at start under explicit control.
  std::chrono::milliseconds repository_poll_period{15000};
  std::string grpc_address;
  std::string http_address;  // Empty: no HTTP.
  bool http_infer = true;    // Predictions over it.

  std::string feature_store;  // As given: none, sqlite:..., redis://..., feast:..., grpc:...
  std::string feature_registry;
  std::chrono::milliseconds feature_timeout{50};
  bool feature_row_batching = true;
  std::optional<WallTime> now;  // A fixed wall clock.

  std::optional<LogSink> prediction_log;
  bool prediction_log_compress = false;
  std::vector<KafkaProperty> prediction_log_kafka_properties;
  LogMode prediction_log_mode = LogMode::kBestEffort;
  int64_t prediction_log_max_bytes = int64_t{64} << 20;
  int64_t prediction_log_max_records = 100'000;
  std::chrono::milliseconds prediction_log_close_timeout{10000};
  std::string prediction_log_salt;              // Empty: none is given.
  std::string otlp_endpoint;                    // HOST:PORT of a trace collector; empty: none.
  std::chrono::milliseconds log_slow_calls{0};  // 0: none.
  double trace_sampling = 0;                    // Of calls without a trace, from 0 to 1.
  CoreLimits cores;          // What `workers` and `completion_queues` go by, unless flags say else.
  std::string workers_from;  // What decided: "--workers", "affinity" or "cgroup".
  std::optional<CgroupLimits::Memory> memory_limit;
  bool memory_check = true;
  int workers = 1;
  int completion_queues = 1;
  bool exit_on_error = true;
  std::chrono::milliseconds default_deadline{5000};
  std::chrono::milliseconds max_deadline{30000};
  int max_message_bytes = 64 << 20;
  bool admission_by_deadline = true;
  int64_t max_in_flight = 65536;
  int64_t max_in_flight_bytes = int64_t{1} << 30;
  std::chrono::milliseconds max_queue_wait{0};  // 0: unbounded.
  std::chrono::milliseconds max_connection_age{300000};
  std::chrono::milliseconds drain_delay{5000};
  std::chrono::milliseconds drain_grace{30000};
  bool triton_dialect = false;
  bool reflection = true;
  bool triton_metrics = true;

  std::string check_model;   // Not empty: check this model directory, print a report and end.
  std::string check_config;  // With check_model: a JSON file that stands in for config.pbtxt.
};

// Reads flags and environment; INVALID_ARGUMENT names the flag that is wrong. `command_line` gets
// what else was found, and is filled even when a value is bad.
absl::StatusOr<Config> ReadConfig(int argc, char** argv, CommandLine& command_line);

// The settings, secrets masked, for the status page:
// {"<flag>": {"value": "...", "from": "flag"|"environment"|"default"}, ...}
std::string ConfigJson(const CommandLine& command_line);

}  // namespace tournant
