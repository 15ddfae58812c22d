#include "predictions/prediction_json.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "predictions/tensor_values.h"
#include "telemetry/log_line.h"

namespace tournant {
namespace {

// The values as a JSON array; null where they were left out. Appended, since they may be large.
void AppendData(const LoggedTensor& tensor, std::string& json) {
  const TensorValues values(tensor);
  if (values.empty() && (!tensor.raw().empty() || tensor.omitted_bytes() > 0)) {
    json += "null";
    return;
  }
  json += '[';
  values.AppendList(0, values.size(), json);
  json += ']';
}

void AppendTensors(const google::protobuf::RepeatedPtrField<LoggedTensor>& tensors,
                   std::string& json) {
  json += '[';
  for (const LoggedTensor& tensor : tensors) {
    absl::StrAppend(&json, json.back() == '[' ? "" : ",", "{\"name\":", JsonString(tensor.name()),
                    ",\"datatype\":", JsonString(tensor.datatype()), ",\"shape\":[",
                    absl::StrJoin(tensor.shape(), ","), "]",
                    tensor.hashed() ? ",\"hashed\":true" : "", ",\"data\":");
    AppendData(tensor, json);
    json += '}';
  }
  json += ']';
}

// A list for the rows; one value alone stands for all of them.
std::string SourcesJson(const LoggedColumn& column) {
  std::string json;
  for (const int source : column.source()) {
    absl::StrAppend(&json, json.empty() ? "" : ",", "\"", SourceName(source), "\"");
  }
  return column.source_size() == 1 ? json : absl::StrCat("[", json, "]");
}

std::string EventTimesJson(const LoggedColumn& column) {
  const std::string json = absl::StrJoin(column.event_time_unix_us(), ",");
  return column.event_time_unix_us_size() == 1 ? json : absl::StrCat("[", json, "]");
}

void AppendColumns(const LoggedPrediction& record, std::string& json) {
  json += '[';
  for (const LoggedColumn& column : record.columns()) {
    absl::StrAppend(&json, json.back() == '[' ? "" : ",",
                    "{\"feature\":", JsonString(column.feature()),
                    column.age_seconds() ? ",\"age_seconds\":true" : "",
                    ",\"input\":", JsonString(column.input()),
                    ",\"datatype\":", JsonString(column.values().datatype()),
                    column.values().hashed() ? ",\"hashed\":true" : "", ",\"data\":");
    AppendData(column.values(), json);
    absl::StrAppend(&json, ",\"source\":", SourcesJson(column),
                    ",\"event_time_us\":", EventTimesJson(column), "}");
  }
  json += ']';
}

std::string EntityKeysJson(const LoggedPrediction& record) {
  std::string json;
  for (const LoggedEntityKey& key : record.entity_keys()) {
    absl::StrAppend(&json, json.empty() ? "" : ",", JsonString(key.join_key()), ":",
                    JsonString(key.input()));
  }
  return absl::StrCat("{", json, "}");
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

std::string SourceName(int source) {
  return absl::AsciiStrToLower(
      LoggedColumn::Source_Name(static_cast<LoggedColumn::Source>(source)));
}

std::string PredictionJson(const LoggedPrediction& record) {
  std::string json = absl::StrCat(
      "{", record.run().empty() ? "" : absl::StrCat("\"run\":", JsonString(record.run()), ","),
      "\"sequence\":", record.sequence(), ",\"time\":\"", RecordTime(record),
      "\",\"request_id\":", JsonString(record.request_id()),
      record.traceparent().empty()
          ? ""
          : absl::StrCat(",\"traceparent\":", JsonString(record.traceparent())),
      ",\"model\":", JsonString(record.model_name()),
      ",\"version\":", JsonString(record.model_version()), ",\"rows\":", record.rows(),
      ",\"code\":", JsonString(RecordCode(record)));
  if (!record.status_message().empty()) {
    absl::StrAppend(&json, ",\"message\":", JsonString(record.status_message()));
  }
  json += ",\"inputs\":";
  AppendTensors(record.inputs(), json);
  json += ",\"outputs\":";
  AppendTensors(record.outputs(), json);
  if (record.has_features()) {
    absl::StrAppend(&json, ",\"features\":", FeaturesJson(record.features()));
  }
  if (record.columns_size() > 0) {
    json += ",\"columns\":";
    AppendColumns(record, json);
  }
  if (record.entity_keys_size() > 0) {
    absl::StrAppend(&json, ",\"entity_keys\":", EntityKeysJson(record));
  }
  if (!record.feature_service().empty()) {
    absl::StrAppend(&json, ",\"feature_service\":", JsonString(record.feature_service()));
  }
  if (!record.bindings().empty()) {
    absl::StrAppend(&json, ",\"bindings\":", JsonString(record.bindings()));
  }
  const LoggedPhases& latency = record.latency();
  absl::StrAppend(&json, ",\"micros\":{\"accepted\":", latency.accepted(),
                  ",\"validating\":", latency.validating(),
                  ",\"features\":", latency.awaiting_features(), ",\"queued\":", latency.queued(),
                  ",\"computing\":", latency.computing(), ",\"responding\":", latency.responding(),
                  ",\"total\":", latency.total(), "}}");
  return json;
}

}  // namespace tournant
