#pragma once

#include <cstddef>

#include "inference/grpc_service.pb.h"

namespace tournant {

// The bytes of a serialized request, as its ByteSizeLong says but for fields that nobody knows, in
// fewer instructions: every call is counted, and most are a few inputs with raw contents.
size_t RequestSize(const inference::ModelInferRequest& request);

}  // namespace tournant
