#pragma once

#include <string>

#include "predictions/run_ledger.h"

namespace tournant::client {

// A sentence for people about a run of a prediction log, without a newline: whether it was closed
// in order, whether all of it is there, and what became of the rest.
std::string RunReport(const RunSummary& run);

}  // namespace tournant::client
