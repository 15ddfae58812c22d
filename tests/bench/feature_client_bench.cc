// What the upper layers of the feature client cost a call: rows of 12 features of one view, fetched
// from a store that answers at once, or found in the cache. Google Benchmark; on a noisy machine
// compare the lines of one run.

#include <benchmark/benchmark.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fakes/manual_clock.h"
#include "fakes/manual_loop.h"
#include "features/brown_out_client.h"
#include "features/brown_out_control.h"
#include "features/caching_client.h"
#include "features/coalescing_client.h"
#include "features/feature_caches.h"
#include "features/view_cache.h"

namespace tournant {
namespace {

constexpr size_t kFeatures = 12;

// Answers at once, with a cell for each feature and row.
class InstantStore final : public FeatureClient {
 public:
  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    FetchedFeatures fetched(request.plan.features.size(), static_cast<size_t>(request.rows));
    for (size_t feature = 0; feature < fetched.features(); ++feature) {
      for (size_t row = 0; row < fetched.rows(); ++row) {
        fetched.SetFloating(feature, row, 0.5);
        fetched.SetTime(feature, row, 1'700'000'000'000'000, false);
      }
    }
    co_return fetched;
  }
};

// One loop with the layers over an instant store, and the rows that calls ask for.
class Bench {
 public:
  explicit Bench(int64_t rows, bool cached) {
    for (size_t i = 0; i < kFeatures; ++i) {
      plan_->features.push_back({"v:f" + std::to_string(10 + i), {0}});
    }
    plan_->keys = {{"k", ValueType::kString, 0}};
    plan_->Index();
    if (cached) {
      plan_->views[0].ages = {std::chrono::hours(1), std::chrono::hours(1), {}};
      plan_->views[0].cache = caches_.Open(*plan_, plan_->views[0], size_t{64} << 20);
    }
    wanted_.assign(kFeatures, 1);
    for (int64_t row = 0; row < rows; ++row) texts_.push_back("N" + std::to_string(10000 + row));
    keys_.resize(1);
    keys_[0].type = ValueType::kString;
    for (const std::string& text : texts_) keys_[0].texts.push_back(text);
  }

  // One call through `client`, from its first line to its last.
  void Call(FeatureClient& client) {
    bool done = false;
    Run(*this, client, done);
    loop_.RunUntilIdle();
    if (!done) std::abort();
  }

  InstantStore store_;
  SystemClock clock_;
  ManualClock still_;
  ManualLoop loop_{still_};
  CallCount background_;
  BrownOutControl brown_out_{clock_, {}};
  CoalescingClient coalescing_{store_, background_, {}};
  BrownOutClient sparing_{store_, brown_out_};
  CachingClient caching_{sparing_, brown_out_, background_, {}};

 private:
  static Detached Run(Bench& self, FeatureClient& client, bool& done) {
    CallPhase phase(self.clock_, nullptr);
    const TimePoint deadline = self.clock_.Now() + std::chrono::seconds(1);
    const CallContext context{self.loop_, self.clock_, deadline, {}, phase};
    const FetchRequest request{*self.plan_,  self.keys_,
                               self.wanted_, static_cast<int64_t>(self.texts_.size()),
                               deadline,     self.plan_};
    const absl::StatusOr<FetchedFeatures> fetched = co_await client.Fetch(context, request);
    done = fetched.ok() && fetched->state(0, 0) == CellState::kValue;
  }

  SeededRng rng_{1};
  FeatureCaches caches_{rng_};
  std::shared_ptr<FetchPlan> plan_ = std::make_shared<FetchPlan>();
  std::vector<std::string> texts_;
  std::vector<KeyColumn> keys_;
  std::vector<uint8_t> wanted_;
};

// Calls through one of the layers down to the store.
template <class Client>
void Call(benchmark::State& state, Client Bench::* client, bool cached) {
  Bench bench(state.range(0), cached);
  for (auto _ : state) bench.Call(bench.*client);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void StoreAlone(benchmark::State& state) { Call(state, &Bench::store_, false); }
void Coalescing(benchmark::State& state) { Call(state, &Bench::coalescing_, false); }
void NoCache(benchmark::State& state) { Call(state, &Bench::caching_, false); }
void CacheHit(benchmark::State& state) { Call(state, &Bench::caching_, true); }
BENCHMARK(StoreAlone)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(Coalescing)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(NoCache)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(CacheHit)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
}  // namespace tournant

BENCHMARK_MAIN();
