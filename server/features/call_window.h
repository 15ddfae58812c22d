#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"

namespace tournant {

// How many calls ended, and how, in the last ten buckets of time. Not thread-safe; its owner guards
// it.
class CallWindow {
 public:
  struct Counts {
    int64_t calls = 0;
    int64_t bad = 0;
    int64_t slow = 0;
  };

  explicit CallWindow(Duration bucket) : bucket_(bucket) {}

  // One more call that ended at `now`, and what it adds to the other two counts.
  void Count(TimePoint now, bool bad, bool slow);
  Counts Recent(TimePoint now) const;
  void Clear() { buckets_ = {}; }
  // How far back it remembers.
  Duration length() const { return bucket_ * static_cast<int64_t>(kBuckets); }

 private:
  static constexpr size_t kBuckets = 10;
  struct Bucket {
    int64_t number = -1;
    Counts counts;
  };

  int64_t NumberOf(TimePoint now) const { return now.time_since_epoch() / bucket_; }

  const Duration bucket_;
  std::array<Bucket, kBuckets> buckets_;
};

}  // namespace tournant
