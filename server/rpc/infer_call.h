#pragma once

#include "base/task.h"
#include "rpc/infer_exchange.h"
#include "rpc/lane.h"

namespace tournant {

// One ModelInfer call from accept to its last tag, and then the next one in the same slot. Read it
// from top to bottom: it is the life of a request.
Detached ServeModelInfer(InferDependencies& dependencies, Lane& lane);

}  // namespace tournant
