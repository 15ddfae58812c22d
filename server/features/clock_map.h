#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "features/cached_row.h"

namespace tournant {

// Rows by key within a bound of bytes. What has not been looked at since the hand of the clock
// passed it last goes first (CLOCK): nearly as good as least recently used, and looking something
// up moves nothing. Not thread-safe: part of a shard of a ViewCache.
class ClockMap {
 public:
  struct Entry {
    std::string key;
    std::shared_ptr<const CachedRow> row;  // Null: there is no such entity.
    TimePoint fetched_at{};
    TimePoint retry_at{};  // Not refreshed before.
    double jitter = 1;     // Of its ages.
    bool refreshing = false;
    bool outdated = false;  // The store has since said that there is no such entity.

   private:
    friend class ClockMap;
    bool referenced_ = false;
    size_t bytes_ = 0;
    size_t slot_ = 0;
  };

  void set_max_bytes(size_t max_bytes) { max_bytes_ = max_bytes; }

  // Null if it is not there. Valid until the next Put or Erase.
  Entry* Find(absl::string_view key);
  // A new entry with `row`, or an old one anew; others make room. Null when it is too large for the
  // bound, and then an old one is gone, too.
  Entry* Put(absl::string_view key, std::shared_ptr<const CachedRow> row);
  void Erase(absl::string_view key);

  size_t entries() const { return index_.size(); }
  size_t bytes() const { return bytes_; }
  size_t evictions() const { return evictions_; }

 private:
  void Remove(Entry& entry);
  // Makes room for `bytes` more, without `keep`.
  void Evict(size_t bytes, const Entry* keep);

  size_t max_bytes_ = 0;
  size_t bytes_ = 0;
  size_t evictions_ = 0;
  absl::flat_hash_map<absl::string_view, Entry*> index_;  // By the keys of the entries.
  std::vector<std::unique_ptr<Entry>> slots_;             // The dial; some are empty.
  std::vector<size_t> free_slots_;
  size_t hand_ = 0;
};

}  // namespace tournant
