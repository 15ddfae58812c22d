#pragma once

#include "telemetry/counter.h"

namespace tournant {

// What coalescing has done so far, for metrics. Written by all loops, read by anybody.
struct CoalescingCounters {
  Counter calls;              // Fetches that were asked for.
  Counter joined_calls;       // Of those, the ones all of whose rows others had asked for.
  Counter joined_rows;        // Rows that were on their way already, or given twice.
  Counter fetches;            // Fetches that were sent on,
  Counter fetched_rows;       // and their rows.
  Counter abandoned_fetches;  // Cancelled, since all who waited had left.
  Counter renewed_rows;       // Sent again: too late for who had asked first, not for all.
};

}  // namespace tournant
