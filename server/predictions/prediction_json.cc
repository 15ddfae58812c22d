#include "predictions/prediction_json.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "predictions/tensor_values.h"
#include "telemetry/log_line.h"

namespace tournant {
namespace {

std::string TensorsJson(const google::protobuf::RepeatedPtrField<LoggedTensor>& tensors) {
  std::string json = "[";
  for (const LoggedTensor& tensor : tensors) {
    const std::vector<std::string> values = TensorValues(tensor);
    const bool has_data = !values.empty() || (tensor.raw().empty() && tensor.omitted_bytes() == 0);
    absl::StrAppend(&json, json.size() > 1 ? "," : "", "{\"name\":", JsonString(tensor.name()),
                    ",\"datatype\":", JsonString(tensor.datatype()), ",\"shape\":[",
                    absl::StrJoin(tensor.shape(), ","), "],\"data\":");
    if (has_data) {
      absl::StrAppend(&json, "[", absl::StrJoin(values, ","), "]}");
    } else {
      absl::StrAppend(&json, "null}");
    }
  }
  return json + "]";
}

std::string FeaturesJson(const LoggedFeatures& features) {
  std::string json = absl::StrCat(
      "{\"live\":", features.features_live(), ",\"cached\":", features.features_cached(),
      ",\"stale\":", features.features_stale(), ",\"defaulted\":", features.features_defaulted(),
      ",\"from_request\":", features.features_from_request());
  if (features.has_oldest_feature_age_ms()) {
    absl::StrAppend(&json, ",\"oldest_age_ms\":", features.oldest_feature_age_ms());
  }
  absl::StrAppend(&json, ",\"degraded\":", features.degraded() ? "true" : "false", "}");
  return json;
}

}  // namespace

std::string RecordTime(const LoggedPrediction& record) {
  return Rfc3339(WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::nanoseconds(record.wall_time_unix_ns()))));
}

std::string RecordCode(const LoggedPrediction& record) {
  const std::string name =
      absl::StatusCodeToString(static_cast<absl::StatusCode>(record.status_code()));
  return name.empty() ? std::to_string(record.status_code()) : name;
}

std::string PredictionJson(const LoggedPrediction& record) {
  std::string json =
      absl::StrCat("{\"sequence\":", record.sequence(), ",\"time\":\"", RecordTime(record),
                   "\",\"request_id\":", JsonString(record.request_id()),
                   ",\"model\":", JsonString(record.model_name()),
                   ",\"version\":", JsonString(record.model_version()), ",\"rows\":", record.rows(),
                   ",\"code\":", JsonString(RecordCode(record)));
  if (!record.status_message().empty()) {
    absl::StrAppend(&json, ",\"message\":", JsonString(record.status_message()));
  }
  if (!record.traceparent().empty()) {
    absl::StrAppend(&json, ",\"traceparent\":", JsonString(record.traceparent()));
  }
  absl::StrAppend(&json, ",\"inputs\":", TensorsJson(record.inputs()),
                  ",\"outputs\":", TensorsJson(record.outputs()));
  if (record.has_features()) {
    absl::StrAppend(&json, ",\"features\":", FeaturesJson(record.features()));
  }
  const LoggedPhases& latency = record.latency();
  absl::StrAppend(&json, ",\"micros\":{\"features\":", latency.awaiting_features(),
                  ",\"queued\":", latency.queued(), ",\"computing\":", latency.computing(),
                  ",\"total\":", latency.total(), "}}");
  return json;
}

}  // namespace tournant
