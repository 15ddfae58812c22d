#pragma once

#include <string>

#include "tournant/prediction.pb.h"

namespace tournant {

// One record as one line of JSON, without the newline; keys in a fixed order:
// {"run"?, "sequence", "time", "request_id", "traceparent"?, "model", "version", "rows", "code",
// "message"?,
//  "inputs": [{"name", "datatype", "shape", "hashed"?, "data"}...], "outputs": [...],
//  "features"?: {"live", "cached", "stale", "defaulted", "from_request", "oldest_age_ms"?,
//                "degraded"},
//  "columns"?: [{"feature", "age_seconds"?, "input", "datatype", "hashed"?, "data",
//                "source", "event_time_us"}...], "entity_keys"?: {JOIN_KEY: INPUT...},
//  "feature_service"?, "bindings"?,
//  "micros": {"accepted", "validating", "features", "queued", "computing", "responding", "total"}}
// `data` is flat, as in the protocol's REST form, and null where the record does not hold it;
// `source` and `event_time_us` are one value, or a list with one for each row.
std::string PredictionJson(const LoggedPrediction& record);

// RFC 3339 in UTC.
std::string RecordTime(const LoggedPrediction& record);
// "OK", "UNAVAILABLE" and so on.
std::string RecordCode(const LoggedPrediction& record);
// Of a LoggedColumn: "live", "defaulted" and so on.
std::string SourceName(int source);

}  // namespace tournant
