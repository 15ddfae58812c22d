#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/manual_loop.h"
#include "features/fake_backend.h"
#include "features/fixed_brown_out.h"
#include "features/layered_feature_client.h"
#include "gtest/gtest.h"

namespace tournant {

// A feature client with all of its layers over fake backends, on a manual clock and loop.
class LayeredClientTest : public ::testing::Test {
 protected:
  using Duration = tournant::Duration;

  LayeredClientTest() {
    plan_.features = {{"v:a", {0}}};
    plan_.keys = {{"k", ValueType::kInt64, 0}};
    plan_.Index();
  }
  ~LayeredClientTest() override {
    // What still runs ends, so that no frame outlives the client.
    for (Call& call : calls_) call.stop.request_stop();
    loop_.RunUntilIdle();
  }

  // One call that fetches, and what came of it.
  struct Call {
    std::stop_source stop;
    std::optional<absl::StatusOr<FetchedFeatures>> result;
    TimePoint ended;

    bool done() const { return result.has_value(); }
    bool ok() const { return done() && result->ok(); }
    absl::Status status() const { return done() ? result->status() : absl::UnknownError("runs"); }
    double value() const { return (*result)->element(0, 0, 0).floating; }
  };

  void Make(size_t backends) {
    std::vector<FeatureBackendParts> parts(backends);
    for (size_t i = 0; i < backends; ++i) {
      auto backend = std::make_unique<FakeBackend>();
      backends_.push_back(backend.get());
      backend->Always({.value = static_cast<double>(i)});
      reachable_.push_back(true);
      parts[i].name = "b" + std::to_string(i);
      parts[i].stub = std::move(backend);
      parts[i].reachable = [this, i] { return reachable_[i]; };
    }
    client_ = MakeFeatureClient(std::move(parts), brown_out_, options_);
  }

  Call& Start(Duration timeout = std::chrono::milliseconds(50)) {
    Call& call = calls_.emplace_back();
    Run(*this, call, clock_.Now() + timeout);
    return call;
  }
  // A call that has ended by itself, however long it took.
  Call& Fetch(Duration timeout = std::chrono::milliseconds(50)) {
    Call& call = Start(timeout);
    for (int i = 0; i < 10'000 && !call.done(); ++i) loop_.Advance(std::chrono::microseconds(100));
    EXPECT_TRUE(call.done());
    return call;
  }
  // How many of so many calls, one after the other, got their features.
  int FetchMany(int count, Duration pause = Duration::zero()) {
    int good = 0;
    for (int i = 0; i < count; ++i) {
      if (Fetch().ok()) ++good;
      loop_.Advance(pause);
    }
    return good;
  }
  // Enough good answers for the layers to know what is usual, which is `delay`.
  void Learn(Duration delay) {
    for (FakeBackend* backend : backends_) backend->Always({.delay = delay});
    ASSERT_EQ(FetchMany(40), 40);
    for (FakeBackend* backend : backends_) backend->calls = 0;
  }

  FeatureBackend::Status Status(size_t backend) const {
    return client_->backends()[backend]->Read(clock_.Now());
  }
  BreakerState BreakerOf(size_t backend) const { return Status(backend).breaker.state; }
  StoreHealth Health() const { return client_->Health(clock_.Now()); }

  ManualClock clock_;
  ManualLoop loop_{clock_};
  FetchPlan plan_;
  FixedBrownOut brown_out_;
  FeatureClientOptions options_ = FeatureClientOptions::Remote(std::chrono::milliseconds(50));
  std::vector<FakeBackend*> backends_;
  std::deque<bool> reachable_;
  std::unique_ptr<LayeredFeatureClient> client_;
  std::deque<Call> calls_;

 private:
  static Detached Run(LayeredClientTest& self, Call& call, TimePoint deadline) {
    CallPhase phase(self.clock_, nullptr);
    const CallContext context{self.loop_, self.clock_, deadline + std::chrono::seconds(1),
                              call.stop.get_token(), phase};
    const std::vector<KeyColumn> keys{{ValueType::kInt64, {1}, {}}};
    const std::vector<uint8_t> wanted{1};
    const FetchRequest request{self.plan_, keys, wanted, 1, deadline};
    absl::StatusOr<FetchedFeatures> result = co_await self.client_->Fetch(context, request);
    call.ended = self.clock_.Now();
    call.result.emplace(std::move(result));
  }
};

}  // namespace tournant
