#pragma once

#include <optional>

#include "absl/status/status.h"

namespace tournant {

// `status`, marked with the code that Triton gives in the same case, where it is not the one that
// ours is turned into in general. rpc/ answers with it under --status_dialect=triton.
absl::Status WithTritonCode(absl::Status status, absl::StatusCode code);
std::optional<absl::StatusCode> TritonCodeOf(const absl::Status& status);

}  // namespace tournant
