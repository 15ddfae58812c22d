#include "features/brown_out_control.h"

#include <utility>

#include "telemetry/log.h"

namespace tournant {

BrownOutControl::BrownOutControl(const Clock& clock, Options options)
    : clock_(clock), options_(options) {}

void BrownOutControl::Watch(StoreProbe store, PoolProbe pool) {
  store_ = std::move(store);
  pool_ = std::move(pool);
}

BrownOutLevel BrownOutControl::level() const {
  const TimePoint now = clock_.Now();
  TimePoint next = next_look_.load(std::memory_order_relaxed);
  // One of those who find it due looks; the others go by what is known.
  if (now >= next &&
      next_look_.compare_exchange_strong(next, now + options_.period, std::memory_order_relaxed)) {
    Look(now);
  }
  return level_.load(std::memory_order_relaxed);
}

void BrownOutControl::Look(TimePoint now) const {
  MutexLock lock(mutex_);
  BrownOutSnapshot seen;
  if (store_) seen.store = store_(now);
  if (pool_) seen.pool_pressure = pool_();
  const BrownOutLevel before = state_.level;
  state_ = NextBrownOut(state_, seen, now, options_.policy);
  if (state_.level == before) return;
  level_.store(state_.level, std::memory_order_relaxed);
  Log(state_.level > before ? LogLevel::kWarning : LogLevel::kInfo, "the brown-out level changes",
      {{"brown_out_level", static_cast<int>(state_.level)},
       {"before", static_cast<int>(before)},
       {"store_error_rate", seen.store.error_rate},
       {"store_available", seen.store.any_backend_available},
       {"breaker_open", seen.store.breaker_open},
       {"pool_pressure", seen.pool_pressure}});
}

}  // namespace tournant
