#include "features/fetching_calls.h"
#include "features/store_health_client.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

// Of a store whose good answers take 10 ms.
class StoreHealthTest : public ::testing::Test {
 protected:
  StoreHealthTest() {
    for (int i = 0; i < 64; ++i) latency_.Record(milliseconds(10));
  }
  StoreHealth Health() const {
    StoreHealth health;
    client_.Tell(clock_.Now(), health);
    return health;
  }
  void Fetch(absl::Status error) {
    calls_.Start({"1"});
    if (error.ok()) {
      store_.Answer(store_.fetches() - 1);
    } else {
      store_.Fail(store_.fetches() - 1, std::move(error));
    }
    loop_.RunUntilIdle();
  }

  ManualClock clock_;
  ManualLoop loop_{clock_};
  PuppetStore store_;
  LatencyTracker latency_;
  StoreHealthClient client_{store_, latency_};
  FetchingCalls calls_{clock_, loop_, client_, std::make_shared<const FetchPlan>(TwoViewsPlan())};
};

TEST_F(StoreHealthTest, IsTheRateOfFailures) {
  EXPECT_EQ(Health().error_rate, 0);
  Fetch(absl::OkStatus());
  Fetch(absl::UnavailableError("down"));
  Fetch(absl::ResourceExhaustedError("enough"));
  Fetch(absl::InvalidArgumentError("no such view"));  // Its word about the request.
  EXPECT_EQ(Health().error_rate, 0.5);
  EXPECT_EQ(Health().fetches, 4);
  clock_.Advance(std::chrono::seconds(6));
  EXPECT_EQ(Health().error_rate, 0);
  EXPECT_EQ(Health().fetches, 0);
}

TEST_F(StoreHealthTest, WhoLeavesOrHasLessTimeThanGoodAnswersTakeSaysNothing) {
  auto& leaver = calls_.Start({"1"});
  leaver.stop.request_stop();
  loop_.RunUntilIdle();
  EXPECT_TRUE(leaver.done());
  Fetch(absl::DeadlineExceededError("at once"));
  EXPECT_EQ(Health().fetches, 0);
  calls_.Start({"1"});
  loop_.Advance(milliseconds(20));
  store_.Fail(store_.fetches() - 1, absl::DeadlineExceededError("at last"));
  loop_.RunUntilIdle();
  EXPECT_EQ(Health().fetches, 1);
  EXPECT_EQ(Health().error_rate, 1);
}

}  // namespace
}  // namespace tournant
