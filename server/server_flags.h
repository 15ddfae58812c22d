#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/time/time.h"

// The flags of tournant-server; what they come to is Config. Each is listed here, and in
// ServerFlagNames where --help shows it.
ABSL_DECLARE_FLAG(std::string, model_repository);
ABSL_DECLARE_FLAG(std::string, grpc_address);
ABSL_DECLARE_FLAG(std::string, http_address);
ABSL_DECLARE_FLAG(std::string, http_infer);
ABSL_DECLARE_FLAG(std::string, feature_store);
ABSL_DECLARE_FLAG(std::string, feature_registry);
ABSL_DECLARE_FLAG(absl::Duration, feature_timeout);
ABSL_DECLARE_FLAG(bool, feature_row_batching);
ABSL_DECLARE_FLAG(int64_t, now);
ABSL_DECLARE_FLAG(std::string, prediction_log);
ABSL_DECLARE_FLAG(std::string, prediction_log_compression);
ABSL_DECLARE_FLAG(std::string, otlp_endpoint);
ABSL_DECLARE_FLAG(double, trace_sampling);
ABSL_DECLARE_FLAG(absl::Duration, log_slow_calls);
ABSL_DECLARE_FLAG(std::string, prediction_log_mode);
ABSL_DECLARE_FLAG(int64_t, prediction_log_max_bytes);
ABSL_DECLARE_FLAG(int64_t, prediction_log_max_records);
ABSL_DECLARE_FLAG(absl::Duration, prediction_log_close_timeout);
ABSL_DECLARE_FLAG(std::string, prediction_log_salt_file);
ABSL_DECLARE_FLAG(std::string, prediction_log_kafka_properties);
ABSL_DECLARE_FLAG(int, workers);
ABSL_DECLARE_FLAG(int, completion_queues);
ABSL_DECLARE_FLAG(std::string, model_name);
ABSL_DECLARE_FLAG(std::string, model_control);
ABSL_DECLARE_FLAG(std::string, load_model);
ABSL_DECLARE_FLAG(absl::Duration, repository_poll_period);
ABSL_DECLARE_FLAG(bool, exit_on_error);
ABSL_DECLARE_FLAG(absl::Duration, default_deadline);
ABSL_DECLARE_FLAG(absl::Duration, max_deadline);
ABSL_DECLARE_FLAG(int, max_message_bytes);
ABSL_DECLARE_FLAG(std::string, admission);
ABSL_DECLARE_FLAG(int64_t, max_in_flight);
ABSL_DECLARE_FLAG(int64_t, max_in_flight_bytes);
ABSL_DECLARE_FLAG(bool, memory_check);
ABSL_DECLARE_FLAG(absl::Duration, max_queue_wait);
ABSL_DECLARE_FLAG(absl::Duration, max_connection_age);
ABSL_DECLARE_FLAG(absl::Duration, drain_delay);
ABSL_DECLARE_FLAG(absl::Duration, drain_grace);
ABSL_DECLARE_FLAG(std::string, status_dialect);
ABSL_DECLARE_FLAG(bool, reflection);
ABSL_DECLARE_FLAG(bool, triton_metrics);
ABSL_DECLARE_FLAG(std::string, check_model);
ABSL_DECLARE_FLAG(std::string, check_config);

namespace tournant {

// The names of all flags, in the order of --help.
const std::vector<std::string>& ServerFlagNames();

}  // namespace tournant
