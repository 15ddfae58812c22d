#include "telemetry/log_ring.h"

#include <algorithm>
#include <cstring>

namespace tournant {

bool LogRing::Push(absl::string_view line) {
  const size_t size = size_.load(std::memory_order_relaxed);
  if (line.size() > room()) return false;
  const size_t tail = (head_.load(std::memory_order_relaxed) + size) % capacity_;
  const size_t first = std::min(line.size(), capacity_ - tail);
  std::memcpy(bytes_.get() + tail, line.data(), first);
  std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
  size_.store(size + line.size(), std::memory_order_release);
  return true;
}

size_t LogRing::Peek(char* to, size_t most) const {
  const Contents parts = Parts();
  const size_t first = std::min(parts.first.size(), most);
  std::memcpy(to, parts.first.data(), first);
  const size_t second = std::min(parts.second.size(), most - first);
  std::memcpy(to + first, parts.second.data(), second);
  const absl::string_view copied(to, first + second);
  if (copied.size() == size()) return copied.size();
  const size_t last_newline = copied.rfind('\n');
  return last_newline == absl::string_view::npos ? copied.size() : last_newline + 1;
}

void LogRing::Pop(size_t bytes) {
  head_.store((head_.load(std::memory_order_relaxed) + bytes) % capacity_,
              std::memory_order_relaxed);
  size_.store(size() - bytes, std::memory_order_release);
}

LogRing::Contents LogRing::Parts() const {
  const size_t head = head_.load(std::memory_order_relaxed);
  const size_t size = size_.load(std::memory_order_acquire);
  const size_t first = std::min(size, capacity_ - head);
  return {{bytes_.get() + head, first}, {bytes_.get(), size - first}};
}

}  // namespace tournant
