#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cpp/datatype.h"
#include "inference/grpc_service.pb.h"
#include "nlohmann/json.hpp"

namespace tournant::client {

using Json = nlohmann::ordered_json;

// Appends a JSON value as one element. Numbers JSON cannot write are the strings "NaN", "Infinity"
// and "-Infinity".
absl::Status AppendJsonElement(Datatype type, const Json& value, std::string& raw);
// Takes one element off the front of `raw`; null when it holds none. BYTES become a string; what is
// not UTF-8 in it is replaced when the JSON is written.
Json TakeJsonElement(Datatype type, absl::string_view& raw);

// The leaves of nested arrays, in order, and the shape of the nesting; a lone value has the shape
// []. INVALID_ARGUMENT for arrays of uneven length.
absl::Status Flatten(const Json& value, std::vector<const Json*>& leaves,
                     std::vector<int64_t>& shape);

// An answer in the protocol's REST form, with flat data. INTERNAL when the answer is broken.
absl::StatusOr<Json> ResponseToJson(const inference::ModelInferResponse& response);
// By name: a proto's map has no order.
Json ParametersToJson(const google::protobuf::Map<std::string, inference::InferParameter>& given);

// As text of one line, or indented by 2.
std::string WriteJson(const Json& json, bool indented);

}  // namespace tournant::client
