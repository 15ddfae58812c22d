#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "telemetry/counter.h"

namespace tournant {

struct CallLimitOptions {
  int64_t max_calls = 4096;  // As many as a client of ours lets be in flight to one backend.
  int64_t max_bytes = int64_t{512} << 20;
};

// How many calls a feature store answers at once, and how much memory their messages take. What is
// too much is refused before it is parsed. Thread-safe; outlives every Place.
class CallLimit {
 public:
  explicit CallLimit(CallLimitOptions options) : options_(options) {}

  // A call's share, held until its answer was sent.
  class Place {
   public:
    explicit Place(CallLimit& limit) : limit_(limit) { limit_.calls_.fetch_add(1); }
    ~Place() {
      limit_.bytes_.fetch_sub(bytes_);
      limit_.calls_.fetch_sub(1);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Counts the request's bytes. RESOURCE_EXHAUSTED, with pushback, when that is too much.
    absl::Status Admit(size_t request_bytes);
    // Counts the answer, which is never refused: its work is done, and the store bounds its size.
    void AddAnswer(size_t bytes) { Add(static_cast<int64_t>(bytes)); }

   private:
    // How many bytes all calls hold now.
    int64_t Add(int64_t bytes) {
      bytes_ += bytes;
      return limit_.bytes_.fetch_add(bytes) + bytes;
    }

    CallLimit& limit_;
    int64_t bytes_ = 0;
  };

  const CallLimitOptions& options() const { return options_; }
  int64_t calls() const { return calls_.load(); }
  int64_t bytes() const { return bytes_.load(); }
  // How many were refused so far, by what there was too much of.
  uint64_t refused_for_calls() const { return refused_for_calls_.value(); }
  uint64_t refused_for_bytes() const { return refused_for_bytes_.value(); }

 private:
  const CallLimitOptions options_;
  std::atomic<int64_t> calls_{0};
  std::atomic<int64_t> bytes_{0};
  Counter refused_for_calls_;
  Counter refused_for_bytes_;
};

}  // namespace tournant
