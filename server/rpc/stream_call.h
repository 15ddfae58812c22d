#pragma once

#include "base/task.h"
#include "rpc/infer_exchange.h"
#include "rpc/lane.h"

namespace tournant {

// One ModelStreamInfer call from accept to its last tag, and then the next one in the same slot.
// Each request on it has a frame of its own, which reads it, starts the next one's, and answers.
Detached ServeModelStreamInfer(InferDependencies& dependencies, Lane& lane);

}  // namespace tournant
