#pragma once

#include <atomic>

#include "features/brown_out.h"

namespace tournant {

// A level that the test sets.
class FixedBrownOut final : public BrownOut {
 public:
  BrownOutLevel level() const override { return level_; }
  void Set(BrownOutLevel level) { level_ = level; }

 private:
  std::atomic<BrownOutLevel> level_{BrownOutLevel::kNormal};
};

}  // namespace tournant
