#include "rpc/trace_settings.h"

namespace tournant {

absl::Status DescribeTracing(const ModelRegistry& registry,
                             const inference::TraceSettingRequest& request,
                             inference::TraceSettingResponse& answer) {
  if (!request.model_name().empty() && !registry.Knows(request.model_name())) {
    return registry.Find(request.model_name()).status();
  }
  if (request.settings().contains("trace_file")) {
    return absl::UnimplementedError(
        "trace file location can not be updated through network protocol");
  }
  if (!request.settings().empty()) {
    return absl::UnimplementedError(
        "tracing is not supported: trace settings can be read but not changed");
  }
  auto& settings = *answer.mutable_settings();
  settings["trace_level"].add_value("OFF");
  settings["trace_rate"].add_value("1000");
  settings["trace_count"].add_value("-1");
  settings["log_frequency"].add_value("0");
  settings["trace_file"].add_value("");
  settings["trace_mode"].add_value("triton");
  return absl::OkStatus();
}

}  // namespace tournant
