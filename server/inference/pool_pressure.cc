#include "inference/pool_pressure.h"

#include <algorithm>
#include <chrono>

namespace tournant {

double PoolPressure(const PoolStatus& pool, Duration full) {
  Duration backlog{0};
  for (const QueueStatus& queue : pool.queues) backlog += queue.backlog;
  using Seconds = std::chrono::duration<double>;
  return std::min(1.0, Seconds(backlog) / std::max(1, pool.workers) / Seconds(full));
}

}  // namespace tournant
