#include "features/aimd_limit.h"

#include <algorithm>

namespace tournant {

bool AimdLimit::Enter() {
  if (in_flight_ >= limit()) return false;
  ++in_flight_;
  return true;
}

void AimdLimit::Leave(TimePoint entered, TimePoint now, Sign sign) {
  const bool held_back = 2 * in_flight_ >= limit();
  --in_flight_;
  if (sign == Sign::kAnswered && held_back) {
    limit_ = std::min(limit_ + 1, static_cast<double>(options_.most));
  }
  if (sign == Sign::kOverloaded && entered >= last_cut_) {
    limit_ = std::max(limit_ * options_.backoff, static_cast<double>(options_.least));
    last_cut_ = now;
  }
}

}  // namespace tournant
