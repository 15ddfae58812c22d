#include "features/coalescing_client.h"

#include <functional>

#include "cq/loop_thread.h"
#include "features/fetching_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using Call = FetchingCalls::Call;

class CoalescingTest : public ::testing::Test {
 protected:
  ~CoalescingTest() override {
    EXPECT_EQ(background_.value(), 0);
    EXPECT_EQ(loop_.pending_timers(), 0u);
    EXPECT_EQ(plan_.use_count(), 2);  // Ours and the calls': no lane is left.
  }

  Call& Start(std::vector<std::string> keys, Duration timeout = milliseconds(50)) {
    return calls_.Start(std::move(keys), timeout);
  }
  void Answer(size_t fetch) {
    EXPECT_TRUE(store_.Answer(fetch));
    loop_.RunUntilIdle();
  }
  // Once the loop has done what is posted by now, before what that posts.
  Detached Later(std::function<void()> act) {
    co_await Hop(loop_);
    act();
  }
  void Leave(Call& call) {
    call.stop.request_stop();
    loop_.RunUntilIdle();
  }

  ManualClock clock_;
  ManualLoop loop_{clock_};
  PuppetStore store_;
  CallCount background_;
  CoalescingClient client_{store_, background_, {}};
  std::shared_ptr<const FetchPlan> plan_ = std::make_shared<const FetchPlan>(TwoViewsPlan());
  FetchingCalls calls_{clock_, loop_, client_, plan_};
};

TEST_F(CoalescingTest, SendsAtOnceWhileNothingIsInFlight) {
  Call& call = Start({"7", "8"});
  ASSERT_EQ(store_.fetches(), 1u);
  // Only the keys that the wanted features are found by.
  EXPECT_THAT(store_.fetch(0).rows, ElementsAre(ElementsAre("7"), ElementsAre("8")));
  EXPECT_EQ(store_.fetch(0).deadline, clock_.Now() + milliseconds(50));
  EXPECT_EQ(background_.value(), 1);
  Answer(0);
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.value(0, 1), 8);
  EXPECT_EQ(call.value(1, 0), 7.1);
  EXPECT_EQ(call.state(2), CellState::kAbsent);
  Start({"9"});
  EXPECT_EQ(store_.fetches(), 2u);
  Answer(1);
}

TEST_F(CoalescingTest, GathersRowsUntilTheFetchInFlightReturns) {
  Start({"1"});
  Call& second = Start({"2"});
  Call& third = Start({"3", "4"});
  EXPECT_EQ(store_.fetches(), 1u);
  Answer(0);
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).rows,
              ElementsAre(ElementsAre("2"), ElementsAre("3"), ElementsAre("4")));
  Answer(1);
  EXPECT_EQ(second.value(0), 2);
  EXPECT_EQ(third.value(0, 0), 3);
  EXPECT_EQ(third.value(1, 1), 4.1);
}

TEST_F(CoalescingTest, GathersRowsUntilTheWindowHasPassed) {
  Start({"1"});
  Call& second = Start({"2"});
  loop_.Advance(microseconds(499));
  Call& third = Start({"3"});  // Does not make the second one wait longer.
  EXPECT_EQ(store_.fetches(), 1u);
  loop_.Advance(microseconds(1));
  ASSERT_EQ(store_.fetches(), 2u);
  Answer(1);
  EXPECT_EQ(second.value(0), 2);
  EXPECT_EQ(third.value(0), 3);
  Answer(0);
}

TEST_F(CoalescingTest, SendsWhenEnoughRowsAreGathered) {
  Start({"0"});
  for (int i = 1; i <= 63; ++i) Start({std::to_string(i)});
  EXPECT_EQ(store_.fetches(), 1u);
  Start({"64"});
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_EQ(store_.fetch(1).rows.size(), 64u);
  Answer(0);
  Answer(1);
  for (int i = 0; i <= 64; ++i) EXPECT_EQ(calls_.calls()[static_cast<size_t>(i)].value(0), i);
}

TEST_F(CoalescingTest, WithoutRowBatchingEachCallIsSentAtOnceAndEqualRowsAreStillJoined) {
  CoalescingClient client(store_, background_, {.max_rows = 1});
  FetchingCalls calls(clock_, loop_, client, plan_);
  Call& first = calls.Start({"1"});
  Call& second = calls.Start({"2", "3"});
  Call& third = calls.Start({"2"});
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).rows, ElementsAre(ElementsAre("2"), ElementsAre("3")));
  Answer(1);
  EXPECT_EQ(second.value(0, 1), 3);
  EXPECT_EQ(third.value(0), 2);
  EXPECT_FALSE(first.done());
  Answer(0);
  EXPECT_EQ(first.value(0), 1);
}

TEST_F(CoalescingTest, ARequestOfManyRowsIsNotSplit) {
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(std::to_string(i));
  Call& call = Start(keys);
  ASSERT_EQ(store_.fetches(), 1u);
  EXPECT_EQ(store_.fetch(0).rows.size(), 200u);
  Answer(0);
  EXPECT_EQ(call.value(0, 199), 199);
}

TEST_F(CoalescingTest, EqualRowsAreFetchedOnceAndFannedOut) {
  Call& call = Start({"5", "6", "5"});
  EXPECT_THAT(store_.fetch(0).rows, ElementsAre(ElementsAre("5"), ElementsAre("6")));
  Answer(0);
  EXPECT_EQ(call.value(0, 0), 5);
  EXPECT_EQ(call.value(0, 1), 6);
  EXPECT_EQ(call.value(0, 2), 5);
}

TEST_F(CoalescingTest, RowsThatAreOnTheirWayAreJoined) {
  Call& first = Start({"1", "2"});
  Call& second = Start({"2"});
  Call& third = Start({"3", "1"});  // Half of it is in flight.
  EXPECT_EQ(store_.fetches(), 1u);
  Answer(0);
  EXPECT_TRUE(first.done());
  ASSERT_TRUE(second.done());
  EXPECT_EQ(second.value(1), 2.1);
  EXPECT_FALSE(third.done());
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).rows, ElementsAre(ElementsAre("3")));
  Answer(1);
  EXPECT_EQ(third.value(0, 0), 3);
  EXPECT_EQ(third.value(0, 1), 1);
}

TEST_F(CoalescingTest, AThousandCallsForTenEntitiesMakeAHandfulOfFetches) {
  // The store takes a millisecond, and the calls come over two.
  size_t answered = 0;
  for (int i = 0; i < 1000; ++i) {
    Start({std::to_string(i % 10)});
    if (i % 100 != 99) continue;
    loop_.Advance(microseconds(200));
    if (i % 500 == 499) {
      while (answered < store_.fetches()) Answer(answered++);
    }
  }
  while (answered < store_.fetches()) Answer(answered++);
  EXPECT_LE(store_.fetches(), 6u);
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(calls_.calls()[i].done());
    EXPECT_EQ(calls_.calls()[i].value(0), static_cast<double>(i % 10));
  }
  const CoalescingCounters& counters = client_.counters();
  EXPECT_EQ(counters.calls.value(), 1000u);
  EXPECT_EQ(counters.fetches.value(), store_.fetches());
  EXPECT_EQ(counters.fetched_rows.value() + counters.joined_rows.value(), 1000u);
  EXPECT_EQ(counters.joined_calls.value(), counters.joined_rows.value());  // One row each.
}

TEST_F(CoalescingTest, WhoLeavesLeavesAlone) {
  Call& first = Start({"1"});
  Call& second = Start({"1"});
  Leave(first);
  ASSERT_TRUE(first.done());
  EXPECT_EQ(first.status().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(store_.fetch(0).ended);
  Answer(0);
  EXPECT_EQ(second.value(0), 1);
}

TEST_F(CoalescingTest, ManyLeaveInAnyOrder) {
  std::vector<Call*> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(&Start({"1", std::to_string(i)}));
  for (const size_t leaver : {3u, 19u, 0u, 7u, 18u, 1u}) Leave(*calls[leaver]);
  Answer(0);
  Answer(1);
  for (size_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(calls[i]->done());
    if (calls[i]->status().ok()) {
      EXPECT_EQ(calls[i]->value(0, 1), static_cast<double>(i));
    }
  }
  EXPECT_EQ(client_.counters().abandoned_fetches.value(), 0u);
}

TEST_F(CoalescingTest, ARequestWithoutRowsWaitsForNobody) {
  store_.at_once = true;
  EXPECT_EQ((*Start({}).result)->rows(), 0u);
}

TEST_F(CoalescingTest, TheLastOneToLeaveCancelsTheFetch) {
  Call& first = Start({"1"});
  Call& second = Start({"1"});
  Leave(second);
  Leave(first);
  EXPECT_TRUE(first.done());
  EXPECT_TRUE(store_.fetch(0).ended);
  EXPECT_FALSE(store_.Answer(0));
  EXPECT_EQ(client_.counters().abandoned_fetches.value(), 1u);
}

TEST_F(CoalescingTest, NobodyJoinsAFetchThatIsBeingCancelled) {
  Call& first = Start({"1"});
  first.stop.request_stop();
  // Its turn comes after the first one has left, but before the store has noticed.
  Call* second = nullptr;
  Later([&] {
    EXPECT_TRUE(first.done());
    EXPECT_FALSE(store_.fetch(0).ended);
    second = &Start({"1"});
  });
  loop_.RunUntilIdle();
  EXPECT_TRUE(store_.fetch(0).ended);
  ASSERT_EQ(store_.fetches(), 2u);
  Answer(1);
  EXPECT_EQ(second->value(0), 1);
}

TEST_F(CoalescingTest, RowsThatNobodyWaitsForAnyMoreAreNotSent) {
  Start({"1"});
  Call& second = Start({"2"});
  Leave(second);
  Answer(0);
  EXPECT_EQ(store_.fetches(), 1u);
}

TEST_F(CoalescingTest, WhatIsGatheredGoesOutWhenTheFetchInFlightIsAbandoned) {
  Call& first = Start({"1"});
  Call& second = Start({"2"});
  Leave(first);
  ASSERT_EQ(store_.fetches(), 2u);
  Answer(1);
  EXPECT_EQ(second.value(0), 2);
}

TEST_F(CoalescingTest, AFetchHasTheLatestDeadlineOfThoseWhoWait) {
  Start({"0"});
  Call& hurried = Start({"1"}, milliseconds(5));
  Call& patient = Start({"2", "1"}, milliseconds(30));
  Answer(0);
  EXPECT_EQ(store_.fetch(1).deadline, clock_.Now() + milliseconds(30));
  loop_.Advance(milliseconds(5));
  ASSERT_TRUE(hurried.done());
  EXPECT_EQ(hurried.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(patient.done());
  Answer(1);
  EXPECT_EQ(patient.value(0, 1), 1);
}

TEST_F(CoalescingTest, WhoHasMoreTimeThanTheFetchThatItJoinedAsksAgain) {
  Call& first = Start({"1", "2"}, milliseconds(10));
  loop_.Advance(milliseconds(6));
  Call& second = Start({"2"}, milliseconds(10));
  loop_.Advance(milliseconds(4));
  EXPECT_EQ(first.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(second.done());
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).rows, ElementsAre(ElementsAre("2")));
  EXPECT_EQ(store_.fetch(1).deadline, clock_.Now() + milliseconds(6));
  EXPECT_EQ(client_.counters().renewed_rows.value(), 1u);
  Answer(1);
  EXPECT_EQ(second.value(0), 2);
}

TEST_F(CoalescingTest, AStoreThatRefusesForLackOfTimeIsNotAskedAgain) {
  Call& call = Start({"1"});
  EXPECT_TRUE(store_.Fail(0, absl::DeadlineExceededError("hopeless")));
  loop_.RunUntilIdle();
  EXPECT_EQ(call.status(), absl::DeadlineExceededError("hopeless"));
  EXPECT_EQ(store_.fetches(), 1u);
}

TEST_F(CoalescingTest, AnErrorReachesAllWhoWait) {
  Call& first = Start({"1"});
  Call& second = Start({"1"});
  EXPECT_TRUE(store_.Fail(0, absl::UnavailableError("down")));
  loop_.RunUntilIdle();
  EXPECT_EQ(first.status(), absl::UnavailableError("down"));
  EXPECT_EQ(second.status(), absl::UnavailableError("down"));
}

TEST_F(CoalescingTest, WhatCouldNotBeFetchedIsToldFromWhatCould) {
  Start({"1"});
  Call& both = Start({"1", "2"});
  Answer(0);
  EXPECT_TRUE(store_.Fail(1, absl::UnavailableError("down")));
  loop_.RunUntilIdle();
  ASSERT_TRUE(both.done());
  ASSERT_TRUE(both.status().ok());
  EXPECT_EQ(both.value(0, 0), 1);
  EXPECT_EQ(both.state(0, 1), CellState::kNotFetched);
  EXPECT_EQ(both.state(1, 1), CellState::kNotFetched);
  EXPECT_EQ(both.state(2, 1), CellState::kAbsent);  // Not wanted.
  EXPECT_EQ((*both.result)->error(), absl::UnavailableError("down"));
}

TEST_F(CoalescingTest, ADeadlineLeavesWhatCameBefore) {
  Start({"1"});
  Call& both = Start({"1", "2"}, milliseconds(10));
  Answer(0);
  loop_.Advance(milliseconds(10));
  ASSERT_TRUE(both.done());
  EXPECT_EQ(both.value(0, 0), 1);
  EXPECT_EQ(both.state(0, 1), CellState::kNotFetched);
  EXPECT_EQ((*both.result)->error().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CoalescingTest, CallsThatWantOtherFeaturesDoNotShare) {
  Call& one = Start({"1"});
  Call& other = calls_.Start({"1"}, milliseconds(50), {0, 0, 1});
  ASSERT_EQ(store_.fetches(), 2u);
  EXPECT_THAT(store_.fetch(1).wanted, ElementsAre(0, 0, 1));
  EXPECT_THAT(store_.fetch(1).rows, ElementsAre(ElementsAre("1", "0")));
  Answer(0);
  Answer(1);
  EXPECT_EQ(one.state(2), CellState::kAbsent);
  EXPECT_EQ(other.value(2), 1.2);
}

TEST_F(CoalescingTest, AStoreThatAnswersAtOnceIsNoTrap) {
  store_.at_once = true;
  Call& first = Start({"1"});
  Call& second = Start({"2"});
  loop_.RunUntilIdle();
  EXPECT_EQ(first.value(0), 1);
  EXPECT_EQ(second.value(0), 2);
  store_.error = absl::UnavailableError("down");
  Call& third = Start({"3"});
  loop_.RunUntilIdle();
  EXPECT_EQ(third.status(), store_.error);
}

TEST_F(CoalescingTest, ACallThatHasEndedAsksNothing) {
  Call& call = Start({"1"}, -std::chrono::seconds(2));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(store_.fetches(), 0u);
}

// The plan of a version that is unloaded while its last fetch is on its way out.
TEST_F(CoalescingTest, AFetchKeepsItsPlanAlive) {
  auto other = std::make_shared<const FetchPlan>(TwoViewsPlan());
  const std::weak_ptr<const FetchPlan> alive = other;
  calls_.set_plan(std::move(other));
  Call& call = Start({"1"});
  calls_.set_plan(plan_);
  EXPECT_FALSE(alive.expired());
  call.stop.request_stop();
  EXPECT_FALSE(alive.expired());
  loop_.RunUntilIdle();
  EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace tournant
