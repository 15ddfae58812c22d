#pragma once

#include "telemetry/trace_context.h"

namespace tournant {

// What ties a job whose call is recorded to the batch that it is part of.
struct JobTrace {
  TraceContext compute;     // The call's span for its time on a worker. Constant.
  TraceContext batch = {};  // The batch's span, written by the worker before it answers.
};

}  // namespace tournant
