#pragma once

#include "base/clock.h"
#include "inference/pool_status.h"

namespace tournant {

// 0 to 1: how long what waits keeps all workers busy, of what `full` allows. What brown-outs are
// decided by.
double PoolPressure(const PoolStatus& pool, Duration full);

}  // namespace tournant
