#pragma once

#include <atomic>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "cpp/load_counts.h"
#include "cpp/load_progress.h"
#include "cpp/load_settings.h"

namespace tournant::client {

// Runs a load test with as many threads of its own as `settings` say, each with its share of the
// load and of the channels, and returns when all calls have ended. `request` is a serialized
// ModelInferRequest; `interrupts` as in LoadLoop; `progress` may be null. UNAVAILABLE when the
// server cannot be reached, INVALID_ARGUMENT when its address cannot be one.
absl::StatusOr<LoadCounts> RunLoad(const LoadSettings& settings, const std::string& request,
                                   const Clock& clock, const std::atomic<int>& interrupts,
                                   LoadProgress* progress);

}  // namespace tournant::client
