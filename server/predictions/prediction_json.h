#pragma once

#include <string>

#include "tournant/prediction.pb.h"

namespace tournant {

// One record as one line of JSON, without the newline; keys in a fixed order:
// {"sequence", "time", "request_id", "model", "version", "rows", "code", "message"?,
//  "inputs": [{"name", "datatype", "shape", "data"}...], "outputs": [...],
//  "features"?: {"live", "cached", "stale", "defaulted", "from_request", "oldest_age_ms"?,
//                "degraded"},
//  "micros": {"features", "queued", "computing", "total"}}
// `data` is flat, as in the protocol's REST form, and null where the record does not hold it.
std::string PredictionJson(const LoggedPrediction& record);

// RFC 3339 in UTC.
std::string RecordTime(const LoggedPrediction& record);
// "OK", "UNAVAILABLE" and so on.
std::string RecordCode(const LoggedPrediction& record);

}  // namespace tournant
