#include "features/measured_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fakes/test_call.h"
#include "features/puppet_store.h"

namespace tournant {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class MeasuredClientTest : public ::testing::Test {
 protected:
  MeasuredClientTest() { store_.at_once = true; }
  void Fetch() {
    const std::vector<KeyColumn> keys{{ValueType::kString, {}, {"7"}},
                                      {ValueType::kInt64, {1}, {}}};
    const std::vector<uint8_t> wanted{1, 1, 1};
    const FetchRequest request{plan_, keys, wanted, 1, call_.clock.Now() + seconds(1)};
    Started<absl::StatusOr<FetchedFeatures>> run(client_.Fetch(call_.context, request));
    call_.loop.RunUntilIdle();
    EXPECT_TRUE(run.done());
  }
  int64_t Count(FetchOutcome outcome) const {
    return client_.Read().outcomes[static_cast<size_t>(outcome)];
  }

  TestCall call_;
  const FetchPlan plan_ = TwoViewsPlan();
  PuppetStore store_;
  LatencyTracker tracker_;
  MeasuredClient client_{"10.0.0.1:6566", store_, tracker_};
};

TEST_F(MeasuredClientTest, EachEndIsCountedByItsOutcome) {
  Fetch();
  store_.error = absl::UnavailableError("refused");
  Fetch();
  store_.error = absl::InvalidArgumentError("no such view");
  Fetch();
  EXPECT_EQ(Count(FetchOutcome::kOk), 1);
  EXPECT_EQ(Count(FetchOutcome::kUnavailable), 1);
  EXPECT_EQ(Count(FetchOutcome::kError), 1);
  EXPECT_EQ(client_.Read().latency.count(), 3u);
}

TEST_F(MeasuredClientTest, FailuresAreLoggedOnceInTenSecondsWithTheirNumber) {
  store_.error = absl::UnavailableError("refused\n");
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) Fetch();
  call_.loop.Advance(seconds(10));
  Fetch();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
  EXPECT_THAT(log, HasSubstr(R"("backend":"10.0.0.1:6566","outcome":"unavailable")"));
  EXPECT_THAT(log, HasSubstr(R"("others_since_last_line":0)"));
  EXPECT_THAT(log, HasSubstr(R"("others_since_last_line":4)"));
}

TEST_F(MeasuredClientTest, OneKindOfFailureDoesNotHideAnother) {
  ::testing::internal::CaptureStderr();
  for (const auto& error :
       {absl::InvalidArgumentError("no such view"), absl::UnavailableError("")}) {
    store_.error = error;
    Fetch();
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr(R"("outcome":"error")"));
  EXPECT_THAT(log, HasSubstr(R"("outcome":"unavailable")"));
}

TEST_F(MeasuredClientTest, ACallerWhoLeftIsNoFailureOfTheStore) {
  store_.error = absl::CancelledError("gone");
  ::testing::internal::CaptureStderr();
  Fetch();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace tournant
