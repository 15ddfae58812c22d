#include "predictions/record_chunks.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace tournant {
namespace {

TEST(RecordChunks, AreAQueueLikeAnyOther) {
  std::minstd_rand rng(7);
  RecordChunks<int> chunks;
  std::deque<int> queue;
  for (int i = 0; i < 20'000; ++i) {
    const auto what = rng() % 8;
    // Longer and shorter by turns, so that pieces come and go at both ends.
    if (what < (i / 1000 % 2 == 0 ? 5u : 2u)) {
      chunks.PushBack(i);
      queue.push_back(i);
    } else if (what == 5) {
      chunks.PushFront(i);
      queue.push_front(i);
    } else if (!queue.empty()) {
      ASSERT_EQ(chunks.front(), queue.front());
      chunks.PopFront();
      queue.pop_front();
    }
    ASSERT_EQ(chunks.empty(), queue.empty());
  }
  std::deque<int> visited;
  chunks.ForEach([&](int value) { visited.push_back(value); });
  EXPECT_EQ(visited, queue);
}

TEST(RecordChunks, KeepNothingOfWhatHasLeft) {
  const auto value = std::make_shared<int>(1);
  RecordChunks<std::shared_ptr<int>> chunks;
  for (int i = 0; i < 3; ++i) chunks.PushBack(value);
  EXPECT_EQ(value.use_count(), 4);
  chunks.PopFront();
  EXPECT_EQ(value.use_count(), 3);
  std::exchange(chunks, {});
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace tournant
