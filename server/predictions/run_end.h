#pragma once

#include <string>

#include "predictions/log_counters.h"

namespace tournant {

// The mark that a run was closed in order, with what became of all its records.

// A serialized tournant.LoggedRunEnd.
std::string EncodeRunEnd(const PredictionLogCounters& counters);

// A line, with its newline; shorter than what a pipe takes whole:
// {"run_end": {"enqueued", "durable",
//              "dropped": {"full", "oversize", "serialize", "io", "shutdown"}}}
std::string RunEndJsonLine(const PredictionLogCounters& counters);

}  // namespace tournant
