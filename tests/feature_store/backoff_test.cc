#include "feature_store/backoff.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToItsBoundWithAHalfLeftToChance) {
  SeededRng rng(7);
  for (const auto& [failures, whole] :
       {std::pair(0, 50), {1, 100}, {3, 400}, {5, 1000}, {60, 1000}}) {
    for (int i = 0; i < 100; ++i) {
      const Duration delay = BackoffDelay(failures, milliseconds(50), milliseconds(1000), rng);
      EXPECT_GE(delay, milliseconds(whole) / 2) << failures;
      EXPECT_LE(delay, milliseconds(whole)) << failures;
    }
  }
}

TEST(Backoff, DiffersFromServerToServer) {
  SeededRng one(1);
  SeededRng two(2);
  EXPECT_NE(BackoffDelay(0, milliseconds(50), milliseconds(1000), one),
            BackoffDelay(0, milliseconds(50), milliseconds(1000), two));
}

}  // namespace
}  // namespace tournant
