#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "features/cache_ages.h"
#include "features/cache_counters.h"
#include "features/cached_row.h"
#include "features/clock_map.h"

namespace tournant {

// What the store has said about the entities of one view, by their keys (row_key.h): rows with
// values, and within an eighth of the bytes the entities that do not exist, so that a flood of
// made-up keys drives out nothing but itself.
//
// Shared by the plans of the model versions that ask for the same features of the view; ages are
// theirs. Thread-safe: a shard is locked for one look or one change.
class ViewCache {
 public:
  enum class State {
    kNothing,  // Nothing that may be used without asking.
    kRow,      // `row` is the answer.
    kRefresh,  // So it is, and the asker now has to fetch it again and Put it, or say
               // RefreshFailed.
    kAbsent,   // The answer is that there is no such entity.
  };
  struct Hit {
    State state = State::kNothing;
    std::shared_ptr<const CachedRow> row;
  };

  ViewCache(size_t max_bytes, Rng& rng, std::shared_ptr<CacheCounters> counters);
  ~ViewCache();

  // `may_refresh`: false never gives kRefresh.
  Hit Find(absl::string_view key, TimePoint now, const CacheAges& ages, bool may_refresh);
  // Whatever was the last row of the entity, however old; null for none.
  std::shared_ptr<const CachedRow> LastKnown(absl::string_view key);

  // `keep_last_known`: values outlive rows that have none.
  void Put(absl::string_view key, CachedRow row, bool keep_last_known);
  void PutAbsent(absl::string_view key, TimePoint now, bool keep_last_known);
  void RefreshFailed(absl::string_view key, TimePoint now);

  void Resize(size_t max_bytes);
  size_t max_bytes() const { return max_bytes_.load(std::memory_order_relaxed); }
  CacheCounters& counters() { return *counters_; }

 private:
  struct Shard {
    Mutex mutex;
    ClockMap rows ABSL_GUARDED_BY(mutex);
    ClockMap absent ABSL_GUARDED_BY(mutex);
    uint64_t random ABSL_GUARDED_BY(mutex) = 0;
    // What the counters have heard of already.
    int64_t counted_entries ABSL_GUARDED_BY(mutex) = 0;
    int64_t counted_bytes ABSL_GUARDED_BY(mutex) = 0;
    size_t counted_evictions ABSL_GUARDED_BY(mutex) = 0;
  };

  Shard& ShardOf(absl::string_view key);
  // Ages are up to a tenth shorter, so that what was fetched together is not fetched again
  // together.
  static double Jitter(Shard& shard) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);
  void Recount(Shard& shard) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);

  const std::shared_ptr<CacheCounters> counters_;
  std::atomic<size_t> max_bytes_;
  std::vector<Shard> shards_;  // A power of two.
};

}  // namespace tournant
