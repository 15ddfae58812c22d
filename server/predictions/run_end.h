#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "predictions/log_counters.h"

namespace tournant {

// The mark that a run was closed in order, with what became of all its records.

// A serialized tournant.LoggedRunEnd.
std::string EncodeRunEnd(const PredictionLogCounters& counters);

// A line, with its newline; shorter than what a pipe takes whole:
// {"run_end": {"run", "enqueued", "durable",
//              "dropped": {"full", "oversize", "serialize", "io", "shutdown"}}}
// `run` as in the lines of the records: letters, digits and '.', '-'.
std::string RunEndJsonLine(absl::string_view run, const PredictionLogCounters& counters);

}  // namespace tournant
