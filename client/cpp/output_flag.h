#pragma once

#include "absl/status/statusor.h"

namespace tournant::client {

// --output=text|json, which several subcommands take: is it json?
absl::StatusOr<bool> OutputIsJson();

}  // namespace tournant::client
