#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "telemetry/log_limiter.h"

namespace tournant {

// Limits the lines of several kinds, each by itself, for any thread. Kinds are told apart by a hash
// with few values, so that two may share a limit; a new one never needs memory.
class SharedLogLimiter {
 public:
  // As LogLimiter::Pass.
  std::optional<int64_t> Pass(absl::string_view kind, TimePoint now) {
    MutexLock lock(mutex_);
    return limiters_[absl::Hash<absl::string_view>()(kind) % limiters_.size()].Pass(now);
  }

 private:
  Mutex mutex_;
  std::array<LogLimiter, 64> limiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
