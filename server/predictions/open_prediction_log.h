#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "predictions/prediction_log.h"

namespace tournant {

// The prediction log that saves into `sink`: a folder, made where there is none. What an earlier
// run left open there is recovered. An error names what is wrong with the sink. `clock` outlives
// the log.
absl::StatusOr<std::unique_ptr<PredictionLog>> OpenPredictionLog(const std::string& sink,
                                                                 PredictionLog::Options options,
                                                                 const Clock& clock);

}  // namespace tournant
