#pragma once

#include "base/clock.h"

namespace tournant {

// What is known about the steps of a call after its features are there. Zero: not yet.
struct ComputeTimesAhead {
  Duration estimated_cost{0};  // Of an execution of the call's own rows.
  Duration computing_p99{0};   // Of the executions that calls were part of, others' rows included.
  Duration waiting_p50{0};     // Of the waits in the queue.
};

// The part of a call's remaining time, `left`, that the feature store may not use up: what waiting
// and computing take, and `margin` for the rest. Never more than a quarter of it, so that a call
// with a short deadline still asks a store that answers at once.
Duration FeatureReserve(const ComputeTimesAhead& ahead, Duration left, Duration margin);

}  // namespace tournant
