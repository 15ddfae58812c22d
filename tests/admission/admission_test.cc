#include "admission/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr TimePoint kStart{seconds(1000)};

// Calls of 10 ms for one worker, with 100 ms of time unless they say otherwise: a critical call may
// wait for 67 ms, and of that a caller who is alone leaves an eighth to newcomers; so behind five
// others.
class AdmissionTest : public ::testing::Test {
 protected:
  struct Call {
    Criticality criticality = Criticality::kCritical;
    milliseconds patience{100};
    milliseconds cost{10};
    int64_t bytes = 1;
    std::string peer = "ipv4:1.1.1.1:1";
    VersionLoad* load = nullptr;
    milliseconds batch_cost{0};
    milliseconds next_free{0};
    std::optional<size_t> rank{};
    bool in_order = false;
  };
  void Make(AdmissionControl::Options options = {}) {
    control_ = std::make_unique<AdmissionControl>(options);
  }
  absl::Status Ask(const Call& call, AdmissionPermit& permit) {
    const auto peer = [&call] { return call.peer; };
    return control_->Admit({.load = call.load != nullptr ? *call.load : load_,
                            .criticality = call.criticality,
                            .now = now_,
                            .deadline = now_ + call.patience,
                            .cost = call.cost,
                            .batch_cost = call.batch_cost,
                            .work = call.cost,
                            .next_free = call.next_free,
                            .last_executed = last_executed_,
                            .rank = call.rank,
                            .in_order = call.in_order,
                            .bytes = call.bytes,
                            .peer = peer},
                           permit);
  }
  // Its permit is kept in permits_ when it is let in.
  absl::Status Enter(const Call& call) {
    AdmissionPermit permit;
    absl::Status status = Ask(call, permit);
    if (status.ok()) permits_.push_back(std::move(permit));
    return status;
  }
  // How many of so many are let in.
  int EnterMany(int count, const Call& call) {
    int admitted = 0;
    for (int i = 0; i < count; ++i) admitted += Enter(call).ok() ? 1 : 0;
    return admitted;
  }

  TimePoint now_ = kStart;
  TimePoint last_executed_ = TimePoint::min();
  VersionLoad load_;
  std::unique_ptr<AdmissionControl> control_;
  std::deque<AdmissionPermit> permits_;  // Die before the control.
};

TEST_F(AdmissionTest, LetsInWhatCanBeServedInTime) {
  Make();
  EXPECT_EQ(EnterMany(100, {}), 6);
  const AdmissionControl::Numbers numbers = control_->Read();
  const auto& counts = numbers.classes[IndexOf(Criticality::kCritical)];
  EXPECT_EQ(counts.offered, 100);
  EXPECT_EQ(counts.admitted, 6);
  EXPECT_EQ(counts.rejected[static_cast<size_t>(AdmissionReject::kInfeasible)], 94);
  EXPECT_EQ(numbers.calls, 6);
  EXPECT_EQ(numbers.bytes, 6);
  EXPECT_EQ(numbers.work, milliseconds(60));
  EXPECT_EQ(numbers.offered_work, milliseconds(1000)) << "those that were refused, too";
}

TEST_F(AdmissionTest, WhatWasComputedMakesRoomAndThePlaceIsHeldUntilTheEnd) {
  Make();
  EXPECT_EQ(EnterMany(100, {}), 6);
  permits_.front().Computed(now_, now_);
  EXPECT_EQ(control_->Read().work, milliseconds(50));
  EXPECT_EQ(control_->Read().calls, 6);
  EXPECT_EQ(EnterMany(100, {}), 1);
  permits_.clear();
  const AdmissionControl::Numbers numbers = control_->Read();
  EXPECT_EQ(numbers.calls, 0);
  EXPECT_EQ(numbers.bytes, 0);
  EXPECT_EQ(numbers.work, Duration::zero());
}

TEST_F(AdmissionTest, ARefusalSaysWhyHowLongItWouldHaveTakenAndWhenToComeAgain) {
  Make();
  EnterMany(6, {});
  const absl::Status refused = Enter({});
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.message(), "the call would wait for 60 ms, and may wait for 58 (critical)");
  const auto overload = OverloadOf(refused);
  ASSERT_TRUE(overload);
  EXPECT_EQ(overload->reason, "WOULD_WAIT_TOO_LONG");
  EXPECT_EQ(overload->predicted_wait, milliseconds(60));
  EXPECT_GE(overload->retry_after, milliseconds(16));
  EXPECT_LE(overload->retry_after, milliseconds(24));
}

TEST_F(AdmissionTest, WhatCanBeDoneWithoutShallNotComeAgain) {
  Make();
  EnterMany(6, {});
  EXPECT_EQ(OverloadOf(Enter({.criticality = Criticality::kSheddable}))->retry_after, kNever);
}

TEST_F(AdmissionTest, NobodyShallComeAgainWhereTwiceAsMuchComesAsIsLetIn) {
  Make();
  EnterMany(100, {});
  now_ += seconds(1);
  EXPECT_EQ(OverloadOf(Enter({}))->retry_after, kNever);
}

TEST_F(AdmissionTest, ACallWithLessTimeThanItsExecutionTakesIsTooLate) {
  Make();
  EnterMany(1, {});
  const absl::Status refused = Enter({.patience = milliseconds(9)});
  EXPECT_EQ(refused.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("about 10 ms"));
}

TEST_F(AdmissionTest, OneSuchCallFindsOutWhetherAnIdleModelIsFasterThanItWas) {
  Make();
  const Call hurried{.patience = milliseconds(9)};
  EXPECT_TRUE(Enter(hurried).ok());
  EXPECT_FALSE(Enter(hurried).ok()) << "one is trying";
  permits_.clear();
  last_executed_ = now_;  // Whoever waited for it.
  EXPECT_FALSE(Enter(hurried).ok());
  now_ += seconds(1);
  EXPECT_TRUE(Enter(hurried).ok());
}

TEST_F(AdmissionTest, TryingASlowModelTakesATwentiethOfAWorkerAtMost) {
  Make();
  const Call hurried{.patience = milliseconds(400), .cost = milliseconds(500)};
  last_executed_ = now_;
  now_ += milliseconds(9999);
  EXPECT_FALSE(Enter(hurried).ok());
  now_ += milliseconds(1);
  EXPECT_TRUE(Enter(hurried).ok());
}

TEST_F(AdmissionTest, CallsWithoutTimeForTheirOwnExecutionDoNotMakeAFlood) {
  Make();
  last_executed_ = now_;
  EXPECT_EQ(EnterMany(100, {.patience = milliseconds(9)}), 0);
  now_ += milliseconds(900);
  EnterMany(6, {});
  now_ += milliseconds(150);
  EXPECT_NE(OverloadOf(Enter({}))->retry_after, kNever);
}

TEST_F(AdmissionTest, AFloodIsForgottenWhenASecondHasPassedWithoutCalls) {
  Make();
  EnterMany(100, {});
  now_ += seconds(5);
  EXPECT_NE(OverloadOf(Enter({}))->retry_after, kNever);
}

TEST_F(AdmissionTest, ACallWaitsForWhatIsBeingExecutedWhoeverWantedIt) {
  Make();
  EXPECT_FALSE(Enter({.next_free = milliseconds(80)}).ok());
  EXPECT_TRUE(Enter({.next_free = milliseconds(60)}).ok());
}

TEST_F(AdmissionTest, ACallNeedsTimeForTheBatchThatItWillBePartOf) {
  Make();
  // 10 ms alone, 50 in a full batch. What waits before it is at most a batch's worth.
  EXPECT_EQ(EnterMany(100, {.batch_cost = milliseconds(50)}), 4);
}

TEST_F(AdmissionTest, ARankOfTheConfigsGoesBeforeDeadlines) {
  Make();
  EXPECT_EQ(EnterMany(100, {.rank = 1}), 6);
  EXPECT_EQ(EnterMany(100, {.rank = 0}), 6) << "it goes before them";
  EXPECT_EQ(EnterMany(100, {.rank = 1}), 0);
  permits_.clear();
  EXPECT_EQ(EnterMany(100, {.patience = seconds(10), .rank = 0}), 100);
  EXPECT_FALSE(Enter({.rank = 0}).ok()) << "all that came before it, however patient";
}

TEST_F(AdmissionTest, WhereCallsAreServedInOrderAllThatCameBeforeGoFirst) {
  Make();
  const Call sheddable{
      .criticality = Criticality::kSheddable, .patience = seconds(10), .in_order = true};
  EXPECT_EQ(EnterMany(20, sheddable), 20);
  Call most;
  most.criticality = Criticality::kCriticalPlus;
  EXPECT_TRUE(Enter(most).ok());
  most.in_order = true;
  EXPECT_FALSE(Enter(most).ok());
}

TEST_F(AdmissionTest, CountsHowCallsEnd) {
  Make();
  EnterMany(5, {});
  permits_[0].End(OutcomeOf(absl::OkStatus()));
  permits_[1].End(OutcomeOf(absl::DeadlineExceededError("")));
  permits_[2].End(OutcomeOf(absl::InternalError("")));
  permits_.erase(permits_.begin(), permits_.begin() + 4);
  const auto counts = control_->Read().classes[IndexOf(Criticality::kCritical)];
  EXPECT_EQ(counts.ended, (std::array<int64_t, kAdmissionOutcomes>{1, 1, 1, 1}));
  EXPECT_EQ(counts.admitted, 4 + control_->Read().calls);
}

TEST_F(AdmissionTest, WhatMattersMoreIsLetInBehindItsOwnKindOnly) {
  Make();
  EXPECT_EQ(EnterMany(100, {.criticality = Criticality::kSheddable}), 2);
  EXPECT_EQ(EnterMany(100, {.criticality = Criticality::kSheddablePlus}), 4);
  EXPECT_EQ(EnterMany(100, {.criticality = Criticality::kCritical}), 6);
  EXPECT_EQ(EnterMany(100, {.criticality = Criticality::kCriticalPlus}), 8);
  EXPECT_EQ(EnterMany(100, {.criticality = Criticality::kSheddable}), 0);
}

TEST_F(AdmissionTest, AHurriedCallDoesNotWaitBehindPatientOnes) {
  Make();
  EXPECT_EQ(EnterMany(50, {.patience = seconds(10)}), 50);
  EXPECT_TRUE(Enter({}).ok());
}

TEST_F(AdmissionTest, ABacklogOfOneModelDoesNotKeepOutAnother) {
  Make();
  VersionLoad slow;
  EXPECT_EQ(EnterMany(20, {.patience = seconds(10), .cost = milliseconds(200), .load = &slow}), 20);
  EXPECT_TRUE(Enter({.patience = seconds(1)}).ok());
  permits_.clear();
}

TEST_F(AdmissionTest, APeerThatHasHadItsShareStandsBehindTheOthers) {
  Make();
  const Call flood{.peer = "ipv4:1.1.1.1:1"};
  const Call other{.peer = "ipv4:2.2.2.2:1"};
  // Alone, for a second: a call is computed each 10 ms, and others take its place.
  EXPECT_EQ(EnterMany(100, flood), 6);
  for (int i = 0; i < 100; ++i) {
    permits_.front().Computed(now_, now_);
    permits_.pop_front();
    now_ += milliseconds(10);
    EXPECT_EQ(EnterMany(10, flood), 1);
  }
  EXPECT_TRUE(Enter(other).ok()) << "a newcomer finds room";
  const absl::Status refused = Enter(flood);
  EXPECT_EQ(OverloadOf(refused)->reason, "UNFAIR_SHARE");
  EXPECT_EQ(refused.message(),
            "this caller has had its share (2 callers), and would wait for 70 ms, and may wait for "
            "58 (critical)");
  permits_.clear();
  EXPECT_EQ(EnterMany(100, flood), 6) << "nobody is kept from what is free";
  EXPECT_TRUE(permits_.back().urgency().beyond_share);
  EXPECT_EQ(EnterMany(100, other), 5) << "as if the other were not there";
  EXPECT_FALSE(permits_.back().urgency().beyond_share);
}

TEST_F(AdmissionTest, OfOnePeerAllConnectionsCountTogether) {
  Make();
  EnterMany(1000, {.patience = seconds(1), .peer = "ipv4:1.1.1.1:1"});
  EnterMany(1, {.criticality = Criticality::kCriticalPlus,
                .patience = seconds(1),
                .peer = "ipv4:1.1.1.1:2"});
  EXPECT_EQ(control_->Read().peers, 1u);
}

TEST_F(AdmissionTest, WhatAPeerSendsForLaterDoesNotCountAgainstWhatMattersMore) {
  Make();
  EnterMany(1, {.patience = seconds(1), .peer = "ipv4:2.2.2.2:1"});
  EnterMany(1000, {.criticality = Criticality::kSheddable, .patience = seconds(1)});
  EXPECT_EQ(EnterMany(30, {.patience = seconds(1)}), 30);
}

TEST_F(AdmissionTest, CallsInFlightAreBoundedByClass) {
  Make({.max_calls = 10});
  const Call cheap{.cost = milliseconds(0)};
  EXPECT_EQ(EnterMany(100, cheap), 8);
  const absl::Status refused = Enter(cheap);
  EXPECT_EQ(OverloadOf(refused)->reason, "TOO_MANY_CALLS");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("8 calls are in flight"));
  Call most = cheap;
  most.criticality = Criticality::kCriticalPlus;
  EXPECT_EQ(EnterMany(100, most), 2);
}

TEST_F(AdmissionTest, BytesInFlightAreBoundedAndOneCallMayHaveAnyNumber) {
  Make({.max_bytes = 100});
  EXPECT_TRUE(Enter({.bytes = 500}).ok());
  EXPECT_EQ(OverloadOf(Enter({.bytes = 1}))->reason, "TOO_MANY_BYTES");
  permits_.clear();
  EXPECT_EQ(EnterMany(10, {.cost = milliseconds(0), .bytes = 20}), 4);
}

TEST_F(AdmissionTest, SwitchedOffTheLimitsAreAllThereIs) {
  Make({.by_deadline = false, .max_calls = 100});
  EXPECT_EQ(EnterMany(1000, {.patience = milliseconds(1)}), 80);
}

TEST_F(AdmissionTest, WaitsThatAreLongerThanPredictedLetFewerIn) {
  Make();
  for (int i = 0; i < 40; ++i) {
    EnterMany(100, {});
    for (AdmissionPermit& permit : permits_) permit.Computed(now_, now_ + milliseconds(120));
    permits_.clear();
    now_ += milliseconds(200);
  }
  EXPECT_GT(control_->Read().classes[IndexOf(Criticality::kCritical)].correction, 2);
  EXPECT_LE(EnterMany(100, {}), 4);
  EXPECT_EQ(control_->Read().classes[IndexOf(Criticality::kSheddable)].correction, 1);
}

TEST_F(AdmissionTest, SoDoCallsThatExpireWhileTheyWait) {
  Make();
  for (int i = 0; i < 40; ++i) {
    EnterMany(100, {});
    for (AdmissionPermit& permit : permits_) permit.Expired(now_, now_ + milliseconds(100));
    now_ += milliseconds(100);
    permits_.clear();
    now_ += milliseconds(100);
  }
  EXPECT_GT(control_->Read().classes[IndexOf(Criticality::kCritical)].correction, 2);
}

TEST_F(AdmissionTest, APermitThatIsMovedIsGivenBackOnce) {
  Make();
  AdmissionPermit first;
  ASSERT_TRUE(Ask({}, first).ok());
  AdmissionPermit second = std::move(first);
  first = AdmissionPermit();
  EXPECT_EQ(control_->Read().calls, 1);
  second = AdmissionPermit();
  EXPECT_EQ(control_->Read().calls, 0);
}

}  // namespace
}  // namespace tournant
