#pragma once

#include <string>
#include <vector>

#include "cpp/load_counts.h"
#include "cpp/load_settings.h"

namespace tournant::client {

// What a load test came to, for a person: what was asked for, then a table of the calls and one of
// their latencies, each for all calls and, with a mix, for each class; the errors; the warnings.
std::string LoadReportText(const LoadSettings& settings, const LoadCounts& counts);

// The same as one JSON object:
//   model, settings {...}, interrupted, seconds,
//   offered, sent, unsent, unsent_in_flight, unsent_expired, ok, in_time, failed, rejected,
//   errors {CODE: calls}, per_second {offered, sent, ok, goodput},
//   latency_ms {ok, rejected}, each {count, min, mean, p50, p90, p99, p99.9, max},
//   first_errors {CODE: message}, classes [{class, deadline_ms, share, and the same from offered
//   on}], generator {kept_up, threads, busy_cores, late, late_share, send_lag_ms}, warnings [...]
// where offered = sent + unsent, sent = ok + failed, unsent = unsent_in_flight + unsent_expired,
// and failed is the sum of the errors, of which rejected are RESOURCE_EXHAUSTED.
std::string LoadReportJson(const LoadSettings& settings, const LoadCounts& counts);

// What makes the figures say less about the server than they seem to; none when all is well.
std::vector<std::string> LoadWarnings(const LoadSettings& settings, const LoadCounts& counts);
// False where the generator sent more than 1 % of the calls of an open loop late, or had no turn
// for some before their deadline, or kept its threads busy for more than 90 % of a closed one.
bool KeptUp(const LoadSettings& settings, const LoadCounts& counts);

}  // namespace tournant::client
