#pragma once

#include <grpcpp/completion_queue.h>

#include <memory>
#include <utility>

#include "base/clock.h"
#include "cq/cq_loop.h"
#include "pipeline/call_log.h"
#include "pipeline/calls_in_flight.h"
#include "rpc/open_streams.h"
#include "rpc/spare_messages.h"
#include "telemetry/call_metrics.h"

namespace tournant {

// One completion queue and what belongs to it alone: its loop, which one thread runs, and the
// figures of its calls, which only that thread writes. Owned by the server; outlives its calls.
struct Lane {
  Lane(std::unique_ptr<grpc::ServerCompletionQueue> server_queue, const Clock& clock,
       CallMetrics& call_metrics)
      : queue(server_queue.get()), loop(std::move(server_queue), clock), metrics(call_metrics) {}

  grpc::ServerCompletionQueue* const queue;
  CqLoop loop;
  CallMetrics& metrics;
  SpareMessages messages;
  OpenStreams streams;
  CallsInFlight in_flight;
  CallLog call_log;
};

}  // namespace tournant
