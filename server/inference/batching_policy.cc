#include "inference/batching_policy.h"

#include <algorithm>

namespace tournant {

int64_t BatchCap(int64_t max_batch_size, int64_t useful_rows) {
  return std::max<int64_t>(1, std::min(max_batch_size, useful_rows));
}

BatchDecision DecideBatch(const BatchSnapshot& snapshot) {
  const int64_t cap = BatchCap(snapshot.max_batch_size, snapshot.useful_rows);
  const bool delays = snapshot.max_queue_delay > Duration::zero();
  const bool delay_is_over = delays && snapshot.oldest_wait >= snapshot.max_queue_delay;
  // What the config prefers counts more than how many workers are free, and than the cost model.
  if (snapshot.preferred_rows > 0 && !delay_is_over) return {.max_rows = snapshot.preferred_rows};
  if (delays && !delay_is_over && snapshot.waiting_rows < cap && !snapshot.closing) {
    return {.wait = snapshot.max_queue_delay - snapshot.oldest_wait};
  }
  const int64_t sharing = std::max(1, snapshot.sharing);
  const int64_t share = (snapshot.waiting_rows + sharing - 1) / sharing;
  return {.max_rows = std::clamp<int64_t>(share, 1, cap)};
}

int64_t PreferredRows(std::span<const int64_t> running_rows, std::span<const int64_t> preferred) {
  for (auto size = preferred.rbegin(); size != preferred.rend(); ++size) {
    if (std::binary_search(running_rows.begin(), running_rows.end(), *size)) return *size;
  }
  return 0;
}

int WorkersWorthUsing(Duration work, int free, Duration wake_threshold) {
  if (free <= 1 || work <= wake_threshold) return 1;
  if (wake_threshold <= Duration::zero()) return free;
  return static_cast<int>(std::min<int64_t>(free, 1 + work / wake_threshold));
}

bool ShouldWake(const WakeSnapshot& snapshot, Duration wake_threshold) {
  if (snapshot.sleeping == 0) return false;
  if (snapshot.awake == 0) return true;
  const Duration long_busy = std::max(Duration::zero(), snapshot.next_free - wake_threshold);
  return snapshot.queued_work + long_busy > wake_threshold;
}

size_t PickQueue(std::span<const QueueHead> heads, Duration slack) {
  Urgency first = heads.front().urgency;
  for (const QueueHead& head : heads) first = std::min(first, head.urgency);
  Duration least = Duration::max();
  for (const QueueHead& head : heads) {
    if (head.urgency == first) least = std::min(least, head.served);
  }
  size_t best = heads.size();
  for (size_t i = 0; i < heads.size(); ++i) {
    if (heads[i].urgency != first || heads[i].served - slack > least) continue;
    if (best == heads.size() || heads[i].deadline < heads[best].deadline) best = i;
  }
  return best;
}

}  // namespace tournant
