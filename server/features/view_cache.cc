#include "features/view_cache.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

#include "absl/hash/hash.h"
#include "base/rng.h"

namespace tournant {
namespace {

constexpr size_t kMaxShards = 16;
constexpr size_t kBytesPerShard = size_t{256} << 10;  // Smaller ones would hold next to nothing.
constexpr std::chrono::seconds kRefreshPause{1};      // After a refresh that failed.

size_t ShardCount(size_t max_bytes) {
  return std::clamp(std::bit_floor(max_bytes / kBytesPerShard), size_t{1}, kMaxShards);
}

// The values of `old` where `row` has none; null when there are none.
std::shared_ptr<const FetchedFeatures> LastValues(const FetchedFeatures& row,
                                                  const CachedRow& old) {
  std::shared_ptr<FetchedFeatures> last;
  for (size_t i = 0; i < row.features(); ++i) {
    if (row.state(i, 0) == CellState::kValue) continue;
    const FetchedFeatures* from = nullptr;
    if (old.cells.state(i, 0) == CellState::kValue) {
      from = &old.cells;
    } else if (old.last_known != nullptr && old.last_known->state(i, 0) == CellState::kValue) {
      from = old.last_known.get();
    }
    if (from == nullptr) continue;
    if (last == nullptr) last = std::make_shared<FetchedFeatures>(row.features(), 1);
    last->CopyCell(i, 0, *from, i, 0);
  }
  return last;
}

bool Within(const ClockMap::Entry& entry, TimePoint now, Duration age) {
  return std::chrono::duration<double>(now - entry.fetched_at) <
         std::chrono::duration<double>(age) * entry.jitter;
}

}  // namespace

ViewCache::ViewCache(size_t max_bytes, Rng& rng, std::shared_ptr<CacheCounters> counters)
    : counters_(std::move(counters)), max_bytes_(max_bytes), shards_(ShardCount(max_bytes)) {
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    shard.random = rng.Next();
  }
  Resize(max_bytes);
}

ViewCache::~ViewCache() {
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    counters_->entries.fetch_sub(shard.counted_entries, std::memory_order_relaxed);
    counters_->bytes.fetch_sub(shard.counted_bytes, std::memory_order_relaxed);
  }
}

void ViewCache::Resize(size_t max_bytes) {
  max_bytes_.store(max_bytes, std::memory_order_relaxed);
  const size_t bytes = max_bytes / shards_.size();
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    shard.absent.set_max_bytes(bytes / 8);
    shard.rows.set_max_bytes(bytes - bytes / 8);
  }
}

ViewCache::Shard& ViewCache::ShardOf(absl::string_view key) {
  // The upper bits: the maps themselves go by the lower ones.
  return shards_[(absl::Hash<absl::string_view>()(key) >> 48) & (shards_.size() - 1)];
}

double ViewCache::Jitter(Shard& shard) {
  // SplitMix64; a generator of its own in each shard would be larger than what small ones hold.
  uint64_t z = shard.random += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return 1 - 0.1 * Fraction(z);
}

void ViewCache::Recount(Shard& shard) {
  const auto count = [](std::atomic<int64_t>& counter, size_t now, int64_t& counted) {
    const int64_t value = static_cast<int64_t>(now);
    if (value == counted) return;
    counter.fetch_add(value - std::exchange(counted, value), std::memory_order_relaxed);
  };
  count(counters_->entries, shard.rows.entries() + shard.absent.entries(), shard.counted_entries);
  count(counters_->bytes, shard.rows.bytes() + shard.absent.bytes(), shard.counted_bytes);
  const size_t evictions = shard.rows.evictions() + shard.absent.evictions();
  if (evictions == shard.counted_evictions) return;
  counters_->evictions.Add(evictions - std::exchange(shard.counted_evictions, evictions));
}

ViewCache::Hit ViewCache::Find(absl::string_view key, TimePoint now, const CacheAges& ages,
                               bool may_refresh) {
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  if (ClockMap::Entry* entry = shard.rows.Find(key); entry != nullptr && !entry->outdated) {
    if (!Within(*entry, now, ages.hard)) return {};
    Hit hit{State::kRow, entry->row};
    if (may_refresh && !entry->refreshing && now >= entry->retry_at &&
        !Within(*entry, now, ages.soft)) {
      entry->refreshing = true;
      hit.state = State::kRefresh;
    }
    return hit;
  }
  const ClockMap::Entry* absent = shard.absent.Find(key);
  if (absent != nullptr && Within(*absent, now, ages.negative)) return {State::kAbsent, nullptr};
  return {};
}

std::shared_ptr<const CachedRow> ViewCache::LastKnown(absl::string_view key) {
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  const ClockMap::Entry* entry = shard.rows.Find(key);
  return entry == nullptr ? nullptr : entry->row;
}

void ViewCache::Put(absl::string_view key, CachedRow row, bool keep_last_known) {
  if (keep_last_known) {
    const std::shared_ptr<const CachedRow> old = LastKnown(key);
    if (old != nullptr) row.last_known = LastValues(row.cells, *old);
  }
  const TimePoint fetched_at = row.fetched_at;
  auto kept = std::make_shared<const CachedRow>(std::move(row));
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  shard.absent.Erase(key);
  ClockMap::Entry* entry = shard.rows.Put(key, std::move(kept));
  if (entry != nullptr) {
    entry->fetched_at = fetched_at;
    entry->jitter = Jitter(shard);
  }
  Recount(shard);
}

void ViewCache::PutAbsent(absl::string_view key, TimePoint now, bool keep_last_known) {
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  if (!keep_last_known) {
    shard.rows.Erase(key);
  } else if (ClockMap::Entry* old = shard.rows.Find(key); old != nullptr) {
    old->outdated = true;
    old->refreshing = false;
  }
  ClockMap::Entry* entry = shard.absent.Put(key, nullptr);
  if (entry != nullptr) {
    entry->fetched_at = now;
    entry->jitter = Jitter(shard);
  }
  Recount(shard);
}

void ViewCache::RefreshFailed(absl::string_view key, TimePoint now) {
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  ClockMap::Entry* entry = shard.rows.Find(key);
  if (entry == nullptr) return;
  entry->refreshing = false;
  entry->retry_at = now + kRefreshPause;
}

}  // namespace tournant
