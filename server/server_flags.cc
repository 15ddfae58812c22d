#include "server_flags.h"

ABSL_FLAG(std::string, model_repository, "", "Folder of models: <model>/<version>/model.pt");
ABSL_FLAG(std::string, grpc_address, "127.0.0.1:8001", "Where gRPC listens; port 0: any free one");
ABSL_FLAG(std::string, http_address, "127.0.0.1:8002",
          "Where /metrics and /status.json are served, on IPv4; none: nowhere");
ABSL_FLAG(std::string, http_infer, "auto",
          "on: predictions are also taken over HTTP, as JSON; off: not; auto: only where "
          "--http_address is loopback");
ABSL_FLAG(std::string, feature_store, "none",
          "none, feast:DIR (a Feast repository, by its feature_store.yaml), "
          "sqlite:PATH?registry=PATH or redis://[user:password@]host:port[,host:port]/db"
          "?registry=PATH[&mode=cluster|sentinel&master=NAME] (Feast's stores, read in this "
          "process) or "
          "grpc:HOST:PORT[,HOST:PORT...][?method=/package.Service/Method&channels=N&"
          "max_in_flight=N&health_check=false&project=NAME]");
ABSL_FLAG(std::string, feature_registry, "",
          "Feast's registry.db, with grpc: or --check_model only, to check bindings by");
ABSL_FLAG(absl::Duration, feature_timeout, absl::Milliseconds(50),
          "The longest that one fetch of features may take");
ABSL_FLAG(bool, feature_row_batching, true,
          "Rows of several calls go to the feature store together while it has others to answer; "
          "false: each call asks at once and by itself");
ABSL_FLAG(int64_t, now, 0,
          "Unix seconds: a fixed clock for the freshness of features, for historic data; 0: the "
          "machine's clock");
ABSL_FLAG(std::string, prediction_log, "none",
          "Where predictions are saved: none, DIR (framed files), jsonl:PATH (lines of JSON in a "
          "file or a named pipe), or kafka:HOST:PORT[,HOST:PORT...]/TOPIC");
ABSL_FLAG(std::string, prediction_log_compression, "none",
          "none or zstd: of files and of messages to Kafka");
ABSL_FLAG(std::string, otlp_endpoint, "none",
          "HOST:PORT of an OpenTelemetry collector that gets traces by OTLP over gRPC, or none");
ABSL_FLAG(
    double, trace_sampling, 0,
    "With --otlp_endpoint: the share of calls without a traceparent that is traced, from 0 to "
    "1; calls with one are traced if their caller does");
ABSL_FLAG(absl::Duration, log_slow_calls, absl::ZeroDuration(),
          "Answered calls that took so long get a line in the log, one a second; 0: none do. Calls "
          "that failed always get one");
ABSL_FLAG(std::string, prediction_log_mode, "best_effort",
          "What calls owe to the log where a model's parameter prediction_log.mode does not say: "
          "best_effort: nothing, reserve: no call without a place in the log, sync: no answer "
          "before its record is durable");
ABSL_FLAG(int64_t, prediction_log_max_bytes, int64_t{64} << 20,
          "Memory for records that wait to be saved, up to 16 MiB each; only one of a call with a "
          "place in the log may be larger");
ABSL_FLAG(int64_t, prediction_log_max_records, 100000, "How many of them there may be");
ABSL_FLAG(absl::Duration, prediction_log_close_timeout, absl::Seconds(10),
          "After the last call: time to save what is left; what is lost is counted and logged");
ABSL_FLAG(std::string, prediction_log_salt_file, "",
          "File with the key that values are hashed with where a model's parameter "
          "prediction_log.hash asks for it; without one a key of this run alone");
ABSL_FLAG(
    std::string, prediction_log_kafka_properties, "",
    "With --prediction_log=kafka:...: file of librdkafka's properties, a line name=value each, "
    "such as security.protocol=SASL_SSL; # begins a comment");
ABSL_FLAG(int, workers, 0, "Threads that run models; 0: the cores that this process may use");
ABSL_FLAG(int, completion_queues, 0, "Event loops; 0: one per four cores");
ABSL_FLAG(std::string, model_name, "",
          "Name of the only model, where --model_repository holds its versions or its files "
          "instead of models");
ABSL_FLAG(
    std::string, model_control, "none",
    "none: load all models at start, SIGHUP rescans; poll: also what changes later; explicit: "
    "what --load_model and RepositoryModelLoad name");
ABSL_FLAG(std::string, load_model, "",
          "With --model_control=explicit: models to load at start, NAME,NAME or *");
ABSL_FLAG(absl::Duration, repository_poll_period, absl::Seconds(15),
          "With --model_control=poll: how often to look, and how long a model's files must have "
          "been still");
ABSL_FLAG(bool, exit_on_error, true,
          "End with status 2 when a model does not load at start; false: serve the others");
ABSL_FLAG(absl::Duration, default_deadline, absl::Seconds(5), "For callers that set no deadline");
ABSL_FLAG(absl::Duration, max_deadline, absl::Seconds(30), "Longest deadline that is honoured");
ABSL_FLAG(int, max_message_bytes, 64 << 20, "Largest message in either direction");
ABSL_FLAG(std::string, admission, "deadline",
          "deadline: refuse at once what would not be served in time, by class "
          "(tournant-criticality); off: by the limits below alone");
ABSL_FLAG(
    int64_t, max_in_flight, 65536,
    "Inference calls in memory at once; a class may have its share of them: critical-plus all, "
    "critical 80 %, sheddable-plus 50 %, sheddable 25 %");
ABSL_FLAG(
    int64_t, max_in_flight_bytes, 0,
    "Bytes of their requests, with the same shares; 0: 1 GiB, or a quarter of what the control "
    "group's memory limit allows if that is less");
ABSL_FLAG(bool, memory_check, true,
          "End with status 2 when what may be needed does not fit into the control group's memory "
          "limit; false: only say so");
ABSL_FLAG(absl::Duration, max_queue_wait, absl::ZeroDuration(),
          "Longest predicted wait for a worker with which a call is let in; 0: its deadline alone "
          "decides");
ABSL_FLAG(absl::Duration, max_connection_age, absl::Minutes(5),
          "Connections are closed after this time, so that clients resolve again; 0: never");
ABSL_FLAG(absl::Duration, drain_delay, absl::Seconds(5),
          "After SIGTERM: time to be taken out of load balancers before calls are refused");
ABSL_FLAG(absl::Duration, drain_grace, absl::Seconds(30),
          "After that: time for calls in flight to end by themselves");
ABSL_FLAG(std::string, status_dialect, "tournant",
          "tournant, or triton: UNAVAILABLE for overload and timeouts, as Triton answers");
ABSL_FLAG(bool, reflection, true, "Serve gRPC server reflection");
ABSL_FLAG(bool, triton_metrics, true,
          "Show what model versions do on /metrics also in Triton's names, nv_inference_*");
ABSL_FLAG(std::string, check_model, "",
          "Check this model folder, print what is wrong with it and end");
ABSL_FLAG(std::string, check_config, "",
          "With --check_model: a JSON file to read instead of the model's config.pbtxt");

namespace tournant {

const std::vector<std::string>& ServerFlagNames() {
  static const auto* const kNames = new std::vector<std::string>{
      "model_repository",
      "model_name",
      "grpc_address",
      "http_address",
      "http_infer",
      "feature_store",
      "feature_registry",
      "feature_timeout",
      "feature_row_batching",
      "now",
      "prediction_log",
      "otlp_endpoint",
      "trace_sampling",
      "log_slow_calls",
      "prediction_log_mode",
      "prediction_log_compression",
      "prediction_log_max_bytes",
      "prediction_log_max_records",
      "prediction_log_close_timeout",
      "prediction_log_salt_file",
      "prediction_log_kafka_properties",
      "workers",
      "completion_queues",
      "model_control",
      "load_model",
      "repository_poll_period",
      "exit_on_error",
      "default_deadline",
      "max_deadline",
      "max_message_bytes",
      "admission",
      "max_in_flight",
      "max_in_flight_bytes",
      "memory_check",
      "max_queue_wait",
      "max_connection_age",
      "drain_delay",
      "drain_grace",
      "status_dialect",
      "reflection",
      "triton_metrics",
      "check_model",
      "check_config",
  };
  return *kNames;
}

}  // namespace tournant
