#include "features/clock_map.h"

#include <utility>

namespace tournant {
namespace {

// Of an entry beside the row and a long key: itself, its places in the index and on the dial, and
// what the allocator adds.
constexpr size_t kOverhead = sizeof(ClockMap::Entry) + 64;

size_t Cost(absl::string_view key, const CachedRow* row) {
  return kOverhead + key.size() + (row == nullptr ? 0 : row->bytes());
}

}  // namespace

ClockMap::Entry* ClockMap::Find(absl::string_view key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  found->second->referenced_ = true;
  return found->second;
}

ClockMap::Entry* ClockMap::Put(absl::string_view key, std::shared_ptr<const CachedRow> row) {
  const size_t bytes = Cost(key, row.get());
  const auto found = index_.find(key);
  Entry* entry = found == index_.end() ? nullptr : found->second;
  if (bytes > max_bytes_) {
    if (entry != nullptr) Remove(*entry);
    return nullptr;
  }
  if (entry != nullptr) {
    bytes_ -= entry->bytes_;
    Evict(bytes, entry);
  } else {
    Evict(bytes, nullptr);
    if (free_slots_.empty()) {
      free_slots_.push_back(slots_.size());
      slots_.emplace_back();
    }
    const size_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = std::make_unique<Entry>();
    entry = slots_[slot].get();
    entry->slot_ = slot;
    entry->key = std::string(key);
    index_.emplace(entry->key, entry);
  }
  bytes_ += bytes;
  entry->bytes_ = bytes;
  entry->row = std::move(row);
  entry->retry_at = {};
  entry->refreshing = false;
  entry->outdated = false;
  return entry;
}

void ClockMap::Erase(absl::string_view key) {
  const auto found = index_.find(key);
  if (found != index_.end()) Remove(*found->second);
}

void ClockMap::Remove(Entry& entry) {
  bytes_ -= entry.bytes_;
  index_.erase(entry.key);
  const size_t slot = entry.slot_;
  free_slots_.push_back(slot);
  slots_[slot].reset();
}

void ClockMap::Evict(size_t bytes, const Entry* keep) {
  // Ends: `keep` is not counted meanwhile, and without all others there is room.
  while (bytes_ + bytes > max_bytes_) {
    if (hand_ >= slots_.size()) hand_ = 0;
    Entry* const entry = slots_[hand_].get();
    ++hand_;
    if (entry == nullptr || entry == keep) continue;
    if (std::exchange(entry->referenced_, false)) continue;
    Remove(*entry);
    ++evictions_;
  }
}

}  // namespace tournant
