#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "base/clock.h"
#include "base/mutex.h"
#include "features/brown_out.h"
#include "features/brown_out_policy.h"

namespace tournant {

// Holds the level: whoever asks for it when the last look at the store and the pool is old has
// another look, so that it needs no thread. Logs each change once. Owned by main. Thread-safe.
class BrownOutControl final : public BrownOut {
 public:
  struct Options {
    BrownOutOptions policy;
    Duration period = std::chrono::milliseconds(100);  // Between looks.
  };
  using StoreProbe = std::function<StoreHealth(TimePoint now)>;
  using PoolProbe = std::function<double()>;  // BrownOutSnapshot::pool_pressure.

  BrownOutControl(const Clock& clock, Options options);

  // Before anybody asks for the level, once: what to look at. The probes are called by any thread,
  // one after the other, and must not ask for the level. Either may be empty.
  void Watch(StoreProbe store, PoolProbe pool);

  BrownOutLevel level() const override;

 private:
  void Look(TimePoint now) const;

  const Clock& clock_;
  const Options options_;
  StoreProbe store_;
  PoolProbe pool_;

  // Asking is looking now and then, which is nobody's business.
  mutable std::atomic<BrownOutLevel> level_{BrownOutLevel::kNormal};
  mutable std::atomic<TimePoint> next_look_{TimePoint::min()};
  mutable Mutex mutex_;
  mutable BrownOutState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
