#include "base/sleep.h"

#include <gtest/gtest.h>

#include "fakes/test_call.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

Task<absl::Status> Sleep(const CallContext& call, TimePoint when) {
  co_return co_await SleepUntil(call, when);
}

TEST(SleepUntil, EndsAtTheMoment) {
  TestCall call;
  const Started<absl::Status> started(Sleep(call.context, call.clock.Now() + milliseconds(20)));
  call.loop.Advance(milliseconds(19));
  EXPECT_FALSE(started.done());
  call.loop.Advance(milliseconds(1));
  ASSERT_TRUE(started.done());
  EXPECT_TRUE(started.result->ok());
}

TEST(SleepUntil, EndsAtOnceForAMomentInThePast) {
  TestCall call;
  const Started<absl::Status> started(Sleep(call.context, call.clock.Now() - milliseconds(1)));
  call.loop.RunUntilIdle();
  ASSERT_TRUE(started.done());
  EXPECT_TRUE(started.result->ok());
}

TEST(SleepUntil, EndsWithTheCallsDeadlineWhenThatIsEarlier) {
  TestCall call;
  const Started<absl::Status> started(Sleep(call.context, call.clock.Now() + milliseconds(5000)));
  call.loop.Advance(milliseconds(1000));
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.result->code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(SleepUntil, EndsWhenTheCallerLeaves) {
  TestCall call;
  const Started<absl::Status> started(Sleep(call.context, call.clock.Now() + milliseconds(20)));
  call.stop.request_stop();
  call.loop.RunUntilIdle();
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.result->code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(call.loop.pending_timers(), 0u);
}

TEST(SleepUntil, EndsForACallerWhoHadLeftBefore) {
  TestCall call;
  call.stop.request_stop();
  const Started<absl::Status> started(Sleep(call.context, call.clock.Now() + milliseconds(20)));
  call.loop.RunUntilIdle();
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.result->code(), absl::StatusCode::kCancelled);
}

TEST(SleepUntil, IsResumedOnceWhenTheCallerLeavesAtTheMoment) {
  TestCall call;
  const Started<absl::Status> started(Sleep(call.context, call.clock.Now() + milliseconds(20)));
  call.clock.Advance(milliseconds(20));
  call.stop.request_stop();
  EXPECT_EQ(call.loop.RunUntilIdle(), 1u);
  EXPECT_TRUE(started.done());
}

}  // namespace
}  // namespace tournant
