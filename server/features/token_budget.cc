#include "features/token_budget.h"

#include <algorithm>

namespace tournant {

void TokenBudget::Earn() {
  int64_t held = millis_.load(std::memory_order_relaxed);
  // Full is the usual case, and then nothing is written.
  while (held < most_ && !millis_.compare_exchange_weak(held, std::min(held + per_call_, most_),
                                                        std::memory_order_relaxed)) {
  }
}

bool TokenBudget::Spend() {
  int64_t held = millis_.load(std::memory_order_relaxed);
  do {
    if (held < kToken) return false;
  } while (!millis_.compare_exchange_weak(held, held - kToken, std::memory_order_relaxed));
  return true;
}

}  // namespace tournant
