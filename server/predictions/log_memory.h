#pragma once

#include <cstdint>

#include "predictions/log_sink.h"
#include "predictions/prediction_log.h"

namespace tournant {

// The memory that a prediction log may come to need: what waits, up to its bound, and what a batch
// takes besides while it is written. A record with a place may be above limits.max_record_bytes,
// and then needs more. Measured by scripts/bench/prediction_log.
int64_t LogMemory(LogSink::Kind sink, bool compress, const PredictionLog::Options& options);

}  // namespace tournant
