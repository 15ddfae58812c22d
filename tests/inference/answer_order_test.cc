#include "inference/answer_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace tournant {
namespace {

// Answers that carry the turn of their batch.
std::vector<JobAnswer> OfTurn(uint64_t turn, size_t answers = 1) {
  std::vector<JobAnswer> made;
  for (size_t i = 0; i < answers; ++i) {
    made.push_back({nullptr, std::vector<Tensor>(), {}, {}, static_cast<int64_t>(turn), {}});
  }
  return made;
}

class Deliveries {
 public:
  void Finish(AnswerOrder& order, uint64_t turn, size_t answers = 1) {
    order.Finish(turn, {}, OfTurn(turn, answers), [this](std::vector<JobAnswer>& delivered) {
      for (const JobAnswer& answer : delivered) turns.push_back(answer.batch_rows);
    });
  }
  std::vector<int64_t> turns;
};

TEST(AnswerOrder, DeliversAtOnceWhatIsNext) {
  AnswerOrder order;
  Deliveries deliveries;
  deliveries.Finish(order, 0, 2);
  EXPECT_EQ(deliveries.turns, (std::vector<int64_t>{0, 0}));
  deliveries.Finish(order, 1);
  EXPECT_EQ(deliveries.turns, (std::vector<int64_t>{0, 0, 1}));
}

TEST(AnswerOrder, HoldsBackWhatIsEarlyUntilTheMissingBatchIsThere) {
  AnswerOrder order;
  Deliveries deliveries;
  deliveries.Finish(order, 2);
  deliveries.Finish(order, 1);
  EXPECT_TRUE(deliveries.turns.empty());
  deliveries.Finish(order, 0, 0);  // None of its calls waits any more.
  EXPECT_EQ(deliveries.turns, (std::vector<int64_t>{1, 2}));
}

TEST(AnswerOrder, DeliversInOrderWhateverTheOrderInWhichThreadsFinish) {
  constexpr uint64_t kTurns = 3000;
  constexpr int kThreads = 4;
  AnswerOrder order;
  Deliveries deliveries;  // Written by one thread at a time, as AnswerOrder promises.
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      SeededRng rng(i);
      std::vector<uint64_t> mine;
      for (;;) {
        const uint64_t turn = next.fetch_add(1);
        if (turn < kTurns) mine.push_back(turn);
        while (!mine.empty() && (turn >= kTurns || rng.Next() % 2 == 0)) {
          std::swap(mine[rng.Next() % mine.size()], mine.back());
          deliveries.Finish(order, mine.back());
          mine.pop_back();
        }
        if (turn >= kTurns) return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(deliveries.turns.size(), kTurns);
  EXPECT_TRUE(std::is_sorted(deliveries.turns.begin(), deliveries.turns.end()));
}

}  // namespace
}  // namespace tournant
