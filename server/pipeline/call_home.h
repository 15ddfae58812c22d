#pragma once

#include "base/event_loop.h"
#include "pipeline/call_log.h"
#include "pipeline/calls_in_flight.h"
#include "telemetry/call_metrics.h"

namespace tournant {

// An event loop and what its thread alone writes, as a home for calls that did not come by its own
// queue. All of it belongs to the server.
struct CallHome {
  EventLoop* loop;
  CallMetrics* metrics;
  CallsInFlight* in_flight;
  CallLog* log;
};

}  // namespace tournant
