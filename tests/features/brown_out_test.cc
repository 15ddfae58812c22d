#include <algorithm>
#include <string>

#include "features/brown_out_client.h"
#include "features/brown_out_control.h"
#include "features/brown_out_policy.h"
#include "features/fetching_calls.h"
#include "features/fixed_brown_out.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using Level = BrownOutLevel;

class BrownOutPolicyTest : public ::testing::Test {
 protected:
  BrownOutPolicyTest() { seen_.store.fetches = 20; }
  Level After(Duration time) {
    now_ += time;
    state_ = NextBrownOut(state_, seen_, now_, {});
    return state_.level;
  }
  BrownOutSnapshot seen_;
  BrownOutState state_;
  TimePoint now_{seconds(1000)};
};

TEST_F(BrownOutPolicyTest, ErrorsAndPressureRaiseTheLevelAtOnce) {
  EXPECT_EQ(After({}), Level::kNormal);
  seen_.store.error_rate = 0.049;
  EXPECT_EQ(After({}), Level::kNormal);
  seen_.store.error_rate = 0.05;
  EXPECT_EQ(After({}), Level::kNoExtras);
  seen_.store.error_rate = 0.3;
  EXPECT_EQ(After({}), Level::kNoOptionalViews);
  state_ = {};
  seen_ = {{}, 0.6};
  EXPECT_EQ(After({}), Level::kNoExtras);
  seen_.pool_pressure = 1;
  EXPECT_EQ(After({}), Level::kNoOptionalViews);  // Never more.
}

TEST_F(BrownOutPolicyTest, ErrorsOfAFewFetchesSayNothing) {
  seen_.store.fetches = 19;
  seen_.store.error_rate = 1;
  EXPECT_EQ(After({}), Level::kNormal);
}

TEST_F(BrownOutPolicyTest, ABreakerThatOpensForbidsExtrasAndAStoreThatIsAwayEverything) {
  seen_.store.breaker_open = true;
  EXPECT_EQ(After({}), Level::kNoExtras);
  seen_.store.any_backend_available = false;
  EXPECT_EQ(After({}), Level::kCacheOnly);
}

TEST_F(BrownOutPolicyTest, TheLevelFallsStepByStepInCalm) {
  seen_.store.error_rate = 0.5;
  After({});
  seen_.store.error_rate = 0;
  EXPECT_EQ(After(seconds(1)), Level::kNoOptionalViews);
  EXPECT_EQ(After(milliseconds(4999)), Level::kNoOptionalViews);
  EXPECT_EQ(After(milliseconds(1)), Level::kNoExtras);
  EXPECT_EQ(After(milliseconds(4999)), Level::kNoExtras);
  EXPECT_EQ(After(milliseconds(1)), Level::kNormal);
  EXPECT_EQ(After(seconds(100)), Level::kNormal);
}

TEST_F(BrownOutPolicyTest, ALittleLessTroubleIsNoCalm) {
  seen_.store.error_rate = 0.05;
  After({});
  seen_.store.error_rate = 0.041;  // Four fifths of what began it would do.
  After({});
  EXPECT_EQ(After(seconds(10)), Level::kNoExtras);
  seen_.store.error_rate = 0.03;
  After({});
  EXPECT_EQ(After(seconds(4)), Level::kNoExtras);
  seen_.store.error_rate = 0.041;  // Begins anew.
  After({});
  seen_.store.error_rate = 0.03;
  After({});
  EXPECT_EQ(After(seconds(4)), Level::kNoExtras);
  EXPECT_EQ(After(seconds(1)), Level::kNormal);
}

TEST_F(BrownOutPolicyTest, AStoreThatMayBeAskedAgainIsAskedAtOnce) {
  seen_.store = {1, false, true, 20};
  After({});
  EXPECT_EQ(After(seconds(100)), Level::kCacheOnly);
  seen_.store.any_backend_available = true;
  EXPECT_EQ(After({}), Level::kNoOptionalViews);  // Though there was nothing but errors so far.
}

TEST(BrownOutControl, LooksWhenItIsAskedButNotAllTheTime) {
  ManualClock clock;
  BrownOutControl control(clock, {});
  EXPECT_EQ(control.level(), Level::kNormal);  // Nothing to look at.
  StoreHealth health;
  int looks = 0;
  control.Watch(
      [&](TimePoint) {
        ++looks;
        return health;
      },
      nullptr);
  clock.Advance(milliseconds(100));
  EXPECT_EQ(control.level(), Level::kNormal);
  health.any_backend_available = false;
  clock.Advance(milliseconds(99));
  EXPECT_EQ(control.level(), Level::kNormal);
  EXPECT_EQ(looks, 1);
  clock.Advance(milliseconds(1));
  EXPECT_EQ(control.level(), Level::kCacheOnly);
  EXPECT_EQ(looks, 2);
}

TEST(BrownOutControl, LogsEachChangeOnce) {
  ManualClock clock;
  BrownOutControl control(clock, {});
  double pressure = 0.7;
  control.Watch(nullptr, [&] { return pressure; });
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) {
    control.level();
    clock.Advance(seconds(1));
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, ::testing::HasSubstr("\"message\":\"the brown-out level changes\""));
  EXPECT_THAT(log, ::testing::HasSubstr("\"brown_out_level\":1,\"before\":0"));
}

class BrownOutClientTest : public ::testing::Test {
 protected:
  BrownOutClientTest() {
    store_.at_once = true;
    plan_->views[1].optional = true;
  }
  FetchingCalls::Call& Ask(std::vector<uint8_t> wanted) {
    auto& call = calls_.Start({"1"}, milliseconds(50), std::move(wanted));
    loop_.RunUntilIdle();
    return call;
  }

  ManualClock clock_;
  ManualLoop loop_{clock_};
  PuppetStore store_;
  FixedBrownOut brown_out_;
  BrownOutClient client_{store_, brown_out_};
  std::shared_ptr<FetchPlan> plan_ = std::make_shared<FetchPlan>(TwoViewsPlan());
  FetchingCalls calls_{clock_, loop_, client_, plan_};
};

TEST_F(BrownOutClientTest, OptionalViewsAreLeftOutFirst) {
  brown_out_.Set(Level::kNoExtras);
  EXPECT_EQ(Ask({1, 1, 1}).value(2), 1.2);
  brown_out_.Set(Level::kNoOptionalViews);
  const auto& call = Ask({1, 1, 1});
  EXPECT_THAT(store_.fetch(1).wanted, ElementsAre(1, 1, 0));
  EXPECT_EQ(call.value(0), 1);
  EXPECT_EQ(call.state(2), CellState::kNotFetched);
  EXPECT_EQ((*call.result)->error().message(), "in a brown-out optional views are not fetched");
  EXPECT_EQ(client_.counters().trimmed.value(), 1u);
}

TEST_F(BrownOutClientTest, WithoutOptionalViewsNothingIsLeftToFetch) {
  brown_out_.Set(Level::kNoOptionalViews);
  EXPECT_EQ(Ask({0, 0, 1}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_.fetches(), 0u);
  EXPECT_EQ(client_.counters().refused.value(), 1u);
  Ask({1, 0, 0});
  EXPECT_EQ(store_.fetches(), 1u);
}

TEST_F(BrownOutClientTest, AFeatureServiceIsFetchedAsAWhole) {
  plan_->feature_service = "s";
  brown_out_.Set(Level::kNoOptionalViews);
  EXPECT_EQ(Ask({1, 1, 1}).value(2), 1.2);
  EXPECT_EQ(Ask({0, 0, 1}).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(BrownOutClientTest, AtTheEndNothingIsFetched) {
  brown_out_.Set(Level::kCacheOnly);
  const auto& call = Ask({1, 1, 0});
  EXPECT_EQ(call.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.status().message(), "in a brown-out the feature store is not asked");
  EXPECT_EQ(store_.fetches(), 0u);
}

}  // namespace
}  // namespace tournant
