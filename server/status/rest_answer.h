#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "pipeline/blocking_predictor.h"
#include "status/http_server.h"

namespace tournant {

// An answer in the REST form of the Open Inference Protocol, with flat data:
//
//   {"model_name", "model_version", "id", "parameters",
//    "outputs": [{"name", "datatype", "shape", "data"}, ...]}
//
// Floats that JSON has no numbers for are the strings "NaN", "Infinity" and "-Infinity"; what is
// not UTF-8 in BYTES is replaced. RESOURCE_EXHAUSTED when it would be larger than `max_bytes`.
absl::StatusOr<std::string> EncodeRestAnswer(const InferAnswer& answer, int64_t max_bytes);

// The HTTP code for a status, as google.rpc.Code has it.
int HttpCodeOf(const absl::Status& status);
// {"error": "<field>: <message>"}, with Retry-After where the status says when to come again.
HttpResponse ErrorResponse(const absl::Status& status);

}  // namespace tournant
