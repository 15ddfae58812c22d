// Many callers on several loops, backends that do whatever they like: nothing is lost, counted
// twice or left behind. For ThreadSanitizer.
#include <atomic>

#include "base/sleep.h"
#include "cq/loop_thread.h"
#include "features/fixed_brown_out.h"
#include "features/layered_feature_client.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::microseconds;

constexpr size_t kLoops = 3;
constexpr size_t kBackends = 3;
constexpr int kCallers = 40;  // On each loop,
constexpr int kFetches = 50;  // one after the other.

class ChaoticBackend final : public FeatureClient {
 public:
  explicit ChaoticBackend(uint64_t seed) : seed_(seed) {}

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    const uint64_t chance = SeededRng(seed_ + calls.fetch_add(1)).Next();
    if (chance % 4 == 0) {
      const TimePoint when = call.clock.Now() + microseconds(chance / 8 % 2000);
      const absl::Status slept = co_await SleepUntil(call, std::min(when, request.deadline));
      if (!slept.ok()) co_return slept;
      if (when > request.deadline) co_return absl::DeadlineExceededError("late");
    }
    if (chance / 4 % 8 == 0) co_return absl::UnavailableError("reset");
    if (chance / 4 % 64 == 1) co_return absl::ResourceExhaustedError("busy");
    if (chance / 4 % 64 == 2) co_return absl::UnknownError("what?");
    co_return FetchedFeatures(request.plan.features.size(), static_cast<size_t>(request.rows));
  }

  std::atomic<uint64_t> calls{0};

 private:
  const uint64_t seed_;
};

struct Storm {
  LayeredFeatureClient& client;
  const FetchPlan& plan;
  std::atomic<int> ok{0};
  std::atomic<int> failed{0};
  Latch callers{static_cast<int>(kLoops) * kCallers};
};

Detached Leave(EventLoop& loop, std::stop_source stop) {
  co_await Hop(loop);
  stop.request_stop();
}

Detached Caller(Storm& storm, LoopThread& loop, uint64_t seed) {
  co_await Hop(loop.loop());
  SeededRng rng(seed);
  for (int i = 0; i < kFetches; ++i) {
    CallPhase phase(loop.clock(), nullptr);
    const std::stop_source stop;
    const TimePoint deadline = loop.clock().Now() + microseconds(500 + rng.Next() % 2000);
    const CallContext call{loop.loop(), loop.clock(), deadline, stop.get_token(), phase};
    const std::vector<KeyColumn> keys{{ValueType::kInt64, {1}, {}}};
    const std::vector<uint8_t> wanted{1};
    const FetchRequest request{storm.plan, keys, wanted, 1, deadline};
    if (rng.Next() % 16 == 0) Leave(loop.loop(), stop);
    const auto answer = co_await storm.client.Fetch(call, request);
    ++(answer.ok() ? storm.ok : storm.failed);
  }
  // After what was posted before, which would be left behind else.
  co_await Hop(loop.loop());
  storm.callers.CountDown();
}

TEST(FeatureClientStorm, NothingIsLostOrCountedTwice) {
  FetchPlan plan;
  plan.features = {{"v:a", {0}}};
  plan.keys = {{"k", ValueType::kInt64, 0}};
  plan.Index();
  std::vector<FeatureBackendParts> parts(kBackends);
  std::vector<ChaoticBackend*> backends;
  for (size_t i = 0; i < kBackends; ++i) {
    auto backend = std::make_unique<ChaoticBackend>(1000 * i);
    backends.push_back(backend.get());
    parts[i].name = std::to_string(i);
    parts[i].stub = std::move(backend);
  }
  const FixedBrownOut brown_out;
  FeatureClientOptions options = FeatureClientOptions::Remote(std::chrono::milliseconds(50));
  options.backend.limit = {.most = 64, .least = 4};
  // Quick enough for the breakers to open and close within the test.
  options.backend.breaker.bucket = std::chrono::milliseconds(1);
  options.backend.breaker.first_open = std::chrono::milliseconds(1);
  const auto client = MakeFeatureClient(std::move(parts), brown_out, options);
  Storm storm{*client, plan};
  {
    std::vector<std::unique_ptr<LoopThread>> loops;
    for (size_t i = 0; i < kLoops; ++i) loops.push_back(std::make_unique<LoopThread>());
    for (size_t i = 0; i < kLoops * kCallers; ++i) Caller(storm, *loops[i % kLoops], i);
    storm.callers.Wait();
  }
  constexpr int kAll = static_cast<int>(kLoops) * kCallers * kFetches;
  EXPECT_EQ(storm.ok + storm.failed, kAll);
  EXPECT_GT(storm.ok, 0);

  SystemClock clock;
  int64_t sent = 0;
  for (size_t i = 0; i < kBackends; ++i) {
    const FeatureBackend::Status status = client->backends()[i]->Read(clock.Now());
    EXPECT_EQ(status.limit.in_flight, 0);
    EXPECT_GE(status.limit.limit, 4);
    EXPECT_LE(status.limit.limit, 64);
    int64_t counted = 0;
    for (const int64_t count : status.calls.outcomes) counted += count;
    EXPECT_EQ(counted, static_cast<int64_t>(backends[i]->calls.load()));
    EXPECT_EQ(status.calls.latency.count(), static_cast<uint64_t>(counted));
    sent += counted;
  }
  const HedgingFetcher::Numbers hedges = client->hedging().Read();
  const RetryingClient::Numbers retries = client->retrying().Read();
  EXPECT_LE(hedges.won + hedges.lost, static_cast<uint64_t>(kAll) / 20 + 10);
  EXPECT_LE(retries.retries, static_cast<uint64_t>(kAll) / 10 + 10);
  EXPECT_LE(sent, kAll + static_cast<int64_t>(hedges.won + hedges.lost + retries.retries));
}

}  // namespace
}  // namespace tournant
