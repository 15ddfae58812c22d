#include "admission/standing_queue.h"

#include <algorithm>

namespace tournant {

bool StandingQueue::ShouldShed(TimePoint now, double used) {
  if (now >= interval_ends_) {
    // A pause is no queue: it shows nothing of the interval before.
    const bool follows = now < interval_ends_ + kInterval;
    stands_ = follows && any_ && least_used_ > kTarget;
    interval_ends_ = now + kInterval;
    least_used_ = 1;
    any_ = false;
  }
  any_ = true;
  least_used_ = std::min(least_used_, used);
  return stands_ && used > kShedAbove;
}

}  // namespace tournant
