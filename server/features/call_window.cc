#include "features/call_window.h"

namespace tournant {

void CallWindow::Count(TimePoint now, bool bad, bool slow) {
  const int64_t number = NumberOf(now);
  Bucket& bucket = buckets_[static_cast<size_t>(number) % kBuckets];
  if (bucket.number != number) bucket = {number, {}};
  ++bucket.counts.calls;
  if (bad) ++bucket.counts.bad;
  if (slow) ++bucket.counts.slow;
}

CallWindow::Counts CallWindow::Recent(TimePoint now) const {
  const int64_t oldest = NumberOf(now) - static_cast<int64_t>(kBuckets);
  Counts sum;
  for (const Bucket& bucket : buckets_) {
    if (bucket.number <= oldest) continue;
    sum.calls += bucket.counts.calls;
    sum.bad += bucket.counts.bad;
    sum.slow += bucket.counts.slow;
  }
  return sum;
}

}  // namespace tournant
