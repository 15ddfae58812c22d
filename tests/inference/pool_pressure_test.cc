#include "inference/pool_pressure.h"

#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

TEST(PoolPressure, IsTheWorkersShareOfWhatWaits) {
  PoolStatus pool;
  pool.workers = 2;
  EXPECT_EQ(PoolPressure(pool, milliseconds(100)), 0);
  pool.queues = {{"a", 1, 1, 1, milliseconds(20)}, {"b", 1, 1, 1, milliseconds(60)}};
  EXPECT_DOUBLE_EQ(PoolPressure(pool, milliseconds(100)), 0.4);
  pool.queues[0].backlog = std::chrono::hours(1);
  EXPECT_EQ(PoolPressure(pool, milliseconds(100)), 1);
}

TEST(PoolPressure, APoolThatHasNotStartedYetIsAsBusyAsOneWithOneWorker) {
  PoolStatus pool;
  pool.queues = {{"a", 1, 1, 1, milliseconds(20)}};
  EXPECT_DOUBLE_EQ(PoolPressure(pool, milliseconds(100)), 0.2);
}

}  // namespace
}  // namespace tournant
