// All upper layers of the feature client on several loops at once, under callers that leave, tight
// deadlines, a store that answers, fails or is silent, brown-outs and model versions that come and
// go. What it proves beyond its own assertions is proved by running it under the sanitizers.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "features/brown_out_client.h"
#include "features/caching_client.h"
#include "features/coalescing_client.h"
#include "features/feature_caches.h"
#include "features/fetching_calls.h"
#include "features/fixed_brown_out.h"
#include "features/view_cache.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kEntities = 40;

// The layers as the server composes them, and what they stand on.
struct Layers {
  ManualClock clock;
  SeededRng rng{7};
  FeatureCaches caches{rng};
  PuppetStore store;
  FixedBrownOut brown_out;
  CallCount background;
  CoalescingClient coalescing{store, background, {.max_rows = 8, .window = microseconds(500)}};
  BrownOutClient sparing{coalescing, brown_out};
  CachingClient caching{sparing, brown_out, background, {.refresh_timeout = milliseconds(3)}};

  // Of a new version.
  std::shared_ptr<const FetchPlan> Plan() {
    auto plan = std::make_shared<FetchPlan>(TwoViewsPlan());
    FetchPlan::View& view = plan->views[0];
    view.ages = {milliseconds(2), milliseconds(8), milliseconds(1)};
    view.cache = caches.Open(*plan, view, 15'000);  // Too little for all entities.
    view.keeps_last_known = true;
    plan->views[1].optional = true;
    return plan;
  }
};

// One loop's thread and its calls.
class StormLoop {
 public:
  StormLoop(Layers& layers, uint64_t seed)
      : layers_(layers),
        rng_(seed),
        loop_(layers.clock),
        calls_(layers.clock, loop_, layers.caching, layers.Plan()) {}

  void Run(int calls) {
    for (int i = 0; i < calls; ++i) {
      if (i % 200 == 199) calls_.set_plan(layers_.Plan());
      Start();
      if (rng_.Next() % 3 == 0)
        calls_.calls()[rng_.Next() % calls_.calls().size()].stop.request_stop();
      if (rng_.Next() % 4 == 0) loop_.RunUntilIdle();
      if (i % 50 == 49) Finish();
    }
    Finish();
    calls_.set_plan(nullptr);
  }
  // As a loop does that is not shut down before nothing posts to it any more.
  void RunUntilNothingIsLeft() {
    while (layers_.background.value() != 0) Turn();
    loop_.RunUntilIdle();
  }

  int64_t answered() const { return answered_; }
  size_t pending_timers() const { return loop_.pending_timers(); }

 private:
  struct Asked {
    std::vector<std::string> keys;
    std::vector<uint8_t> wanted;
  };

  void Start() {
    Asked& asked = asked_.emplace_back();
    for (uint64_t rows = 1 + rng_.Next() % 4; rows > 0; --rows) {
      const uint64_t entity = rng_.Next() % kEntities;
      asked.keys.push_back(entity == 0 ? "absent" : std::to_string(entity));
    }
    asked.wanted = {1, static_cast<uint8_t>(rng_.Next() % 2),
                    static_cast<uint8_t>(rng_.Next() % 2)};
    calls_.Start(asked.keys, microseconds(rng_.Next() % 3000), asked.wanted);
  }
  void Turn() {
    if (loop_.RunUntilIdle() == 0) std::this_thread::yield();
  }
  void Finish() {
    for (; checked_ < calls_.calls().size(); ++checked_) {
      while (!calls_.calls()[checked_].done()) Turn();
      Check(asked_[checked_], calls_.calls()[checked_]);
    }
  }
  // Each call gets its own rows, or nothing.
  void Check(const Asked& asked, const FetchingCalls::Call& call) {
    if (!call.status().ok()) return;
    ++answered_;
    for (size_t feature = 0; feature < asked.wanted.size(); ++feature) {
      for (size_t row = 0; asked.wanted[feature] != 0 && row < asked.keys.size(); ++row) {
        const CellState state = call.state(feature, row);
        if (state == CellState::kNotFetched) continue;
        ASSERT_EQ(state == CellState::kAbsent, asked.keys[row] == "absent");
        if (state != CellState::kValue) continue;
        ASSERT_EQ(call.value(feature, row),
                  PuppetStore::ValueOf(std::stod(asked.keys[row]), feature));
      }
    }
  }

  Layers& layers_;
  SeededRng rng_;
  ManualLoop loop_;
  FetchingCalls calls_;
  std::vector<Asked> asked_;
  size_t checked_ = 0;
  int64_t answered_ = 0;
};

TEST(FeatureLayersStorm, EveryCallEndsWithItsOwnRowsAndNothingIsLeft) {
  constexpr int kLoops = 3;
  constexpr int kCalls = 2000;
  Layers layers;
  std::vector<std::unique_ptr<StormLoop>> loops;
  for (int i = 0; i < kLoops; ++i) {
    loops.push_back(std::make_unique<StormLoop>(layers, static_cast<uint64_t>(i + 1)));
  }
  std::atomic<int> running{kLoops};
  std::vector<std::thread> threads;
  for (auto& loop : loops) {
    threads.emplace_back([&] {
      loop->Run(kCalls);
      // None has gone while another still fetches.
      --running;
      while (running.load() > 0) loop->RunUntilNothingIsLeft();
      loop->RunUntilNothingIsLeft();
    });
  }
  // The store, and time: it passes until all have ended.
  SeededRng rng(99);
  size_t next = 0;
  while (running.load() > 0 || layers.background.value() > 0) {
    layers.clock.Advance(microseconds(50));
    for (; next < layers.store.fetches(); ++next) {
      switch (rng.Next() % 8) {
        case 0:
          break;  // Silent.
        case 1:
          layers.store.Fail(next, absl::UnavailableError("down"));
          break;
        default:
          layers.store.Answer(next);
      }
    }
    if (rng.Next() % 200 == 0) {
      layers.brown_out.Set(static_cast<BrownOutLevel>(rng.Next() % 4));
    }
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();

  int64_t answered = 0;
  for (const auto& loop : loops) {
    answered += loop->answered();
    EXPECT_EQ(loop->pending_timers(), 0u);
  }
  EXPECT_GT(answered, 0);
  EXPECT_EQ(layers.background.value(), 0);
  const CoalescingCounters& counters = layers.coalescing.counters();
  // A fetch may be too late before it has begun.
  EXPECT_GE(counters.fetches.value(), layers.store.fetches());
  EXPECT_GT(layers.store.fetches(), 0u);
  layers.caches.ForEachView([&](const std::string& view, const CacheCounters& cache) {
    EXPECT_EQ(view, "v");
    EXPECT_GT(cache.hits.value() + cache.negative_hits.value(), 0u);
    EXPECT_GT(cache.misses.value(), 0u);
    EXPECT_EQ(cache.entries, 0);  // Gone with the last version.
    EXPECT_EQ(cache.bytes, 0);
  });
}

}  // namespace
}  // namespace tournant
