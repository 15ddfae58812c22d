#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "admission/urgency.h"
#include "base/clock.h"

namespace tournant {

// Estimated computing time of the calls that were let in and have not been computed, by urgency and
// by how much time they had left when they came. Tells how much of it goes before a newcomer,
// without looking at each call: workers take the earliest deadline first within a class, and calls
// with about as much time as the newcomer's have the earlier deadlines, having come before.
//
// Not thread-safe.
class AdmittedWork {
 public:
  // Patience in powers of two, from a millisecond to half a minute and more.
  static constexpr size_t kBuckets = 16;
  static size_t BucketOf(Duration patience);

  void Add(Urgency urgency, size_t bucket, Duration work) {
    work_[IndexOf(urgency)][bucket] += work;
    sums_[IndexOf(urgency)] += work;
    total_ += work;
  }
  void Remove(Urgency urgency, size_t bucket, Duration work) { Add(urgency, bucket, -work); }

  // Of what is more urgent, and of what is as urgent and has as much time or less.
  Duration Ahead(Urgency urgency, size_t bucket) const;
  Duration total() const { return total_; }

 private:
  std::array<std::array<Duration, kBuckets>, kUrgencies> work_{};
  std::array<Duration, kUrgencies> sums_{};
  Duration total_{0};
};

}  // namespace tournant
