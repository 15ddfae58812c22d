#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/rng.h"
#include "cpp/model_signature.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// Input -> the sizes of its dimensions of any size, in their order.
using OpenSizes = std::map<std::string, std::vector<int64_t>>;

// "NAME=SIZE[xSIZE...],...", such as "tokens=128,image=224x224".
absl::StatusOr<OpenSizes> ParseOpenSizes(absl::string_view text);

// A request of `rows` rows with random values for every input: floating point from [0, 1), whole
// numbers from 0 to 9, truth values, and strings of eight letters. INVALID_ARGUMENT when the model
// takes no as large batches, when a size is missing or too many are given, and when the request
// would be larger than 64 MiB.
absl::StatusOr<inference::ModelInferRequest> RandomRequest(const ModelSignature& signature,
                                                           int64_t rows, const OpenSizes& sizes,
                                                           Rng& rng);

// "x FP32 [1,4], name BYTES [1,1]"
std::string InputShapes(const inference::ModelInferRequest& request);

}  // namespace tournant::client
