#pragma once

#include <atomic>
#include <cstdint>

namespace tournant {

struct TokenBudgetOptions {
  double per_call = 0.1;  // What each ordinary call earns; an extra one costs 1.
  double most = 10;       // What can be saved up for a bad moment.
  double at_start = 0;
};

// Bounds extra calls (retries, hedges) to a share of the ordinary ones, however bad things are.
// Thread-safe, without locks. Owned by the layer that spends from it.
class TokenBudget {
 public:
  explicit TokenBudget(TokenBudgetOptions options)
      : per_call_(ToMillis(options.per_call)),
        most_(ToMillis(options.most)),
        millis_(ToMillis(options.at_start)) {}

  void Earn();
  bool Spend();  // False: there is not enough.
  double tokens() const {
    return static_cast<double>(millis_.load(std::memory_order_relaxed)) / kToken;
  }

 private:
  static constexpr int64_t kToken = 1000;
  static int64_t ToMillis(double tokens) { return static_cast<int64_t>(tokens * kToken); }

  const int64_t per_call_;
  const int64_t most_;
  std::atomic<int64_t> millis_;
};

}  // namespace tournant
