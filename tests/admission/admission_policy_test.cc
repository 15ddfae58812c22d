#include "admission/admission_policy.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tournant {
namespace {

using std::chrono::milliseconds;

// A call with 100 ms that takes 10, before which nothing waits.
AdmissionSnapshot Idle() {
  AdmissionSnapshot snapshot;
  snapshot.patience = milliseconds(100);
  snapshot.cost = milliseconds(10);
  snapshot.criticality = Criticality::kCriticalPlus;
  return snapshot;
}

AdmissionSnapshot Behind(milliseconds work) {
  AdmissionSnapshot snapshot = Idle();
  snapshot.ahead_of_version = snapshot.ahead_of_all = work;
  return snapshot;
}

AdmissionVerdict Verdict(const AdmissionSnapshot& snapshot) {
  return DecideAdmission(snapshot).verdict;
}

TEST(AdmissionPolicy, ACallThatFindsNothingAheadIsLetInWhenItsTimeIsAsLongAsItsExecution) {
  AdmissionSnapshot snapshot = Idle();
  snapshot.patience = milliseconds(10);
  EXPECT_EQ(Verdict(snapshot), AdmissionVerdict::kAdmit);
  snapshot.patience = milliseconds(9);
  EXPECT_EQ(Verdict(snapshot), AdmissionVerdict::kTooLate);
}

TEST(AdmissionPolicy, WhatIsNotKnownYetKeepsNobodyOut) {
  AdmissionSnapshot snapshot = Idle();
  snapshot.cost = Duration::zero();
  snapshot.patience = milliseconds(1);
  EXPECT_EQ(Verdict(snapshot), AdmissionVerdict::kAdmit);
}

TEST(AdmissionPolicy, OneMayWaitForWhatIsLeftAfterExecutionAndMargin) {
  // 100 - 10 - 1 - 5 % of 100.
  EXPECT_EQ(DecideAdmission(Behind(milliseconds(84))).may_wait, milliseconds(84));
  EXPECT_EQ(Verdict(Behind(milliseconds(84))), AdmissionVerdict::kAdmit);
  EXPECT_EQ(Verdict(Behind(milliseconds(85))), AdmissionVerdict::kInfeasible);
}

TEST(AdmissionPolicy, TheLessACallMattersTheShorterItMayWait) {
  const double shares[] = {1, 0.8, 0.5, 0.25};
  for (const Criticality criticality : kAllCriticalities) {
    AdmissionSnapshot snapshot = Behind(milliseconds(50));
    snapshot.criticality = criticality;
    const double may_wait = static_cast<double>(milliseconds(84) / milliseconds(1)) * 1e6 *
                            shares[IndexOf(criticality)];
    EXPECT_NEAR(static_cast<double>(DecideAdmission(snapshot).may_wait.count()), may_wait, 10);
  }
}

TEST(AdmissionPolicy, WorkersShareTheWork) {
  AdmissionSnapshot snapshot = Behind(milliseconds(160));
  snapshot.workers = snapshot.version_workers = 2;
  EXPECT_EQ(DecideAdmission(snapshot).wait, milliseconds(80));
}

TEST(AdmissionPolicy, AVersionThatMayHaveOneExecutionAtATimeWaitsForItAlone) {
  AdmissionSnapshot snapshot = Behind(milliseconds(160));
  snapshot.workers = 4;
  snapshot.version_workers = 1;
  EXPECT_EQ(DecideAdmission(snapshot).wait, milliseconds(160));
}

TEST(AdmissionPolicy, AVersionHasItsFairShareHoweverMuchWaitsForOthers) {
  AdmissionSnapshot snapshot = Idle();
  snapshot.ahead_of_version = milliseconds(10);
  snapshot.ahead_of_all = std::chrono::seconds(60);
  snapshot.busy_versions = 3;
  EXPECT_EQ(DecideAdmission(snapshot).wait, milliseconds(30));
  snapshot.ahead_of_all = milliseconds(20);
  EXPECT_EQ(DecideAdmission(snapshot).wait, milliseconds(20)) << "no longer than all there is";
}

TEST(AdmissionPolicy, WaitsAreCorrectedByWhatWasSeen) {
  AdmissionSnapshot snapshot = Behind(milliseconds(50));
  snapshot.correction = 2;
  const AdmissionDecision decision = DecideAdmission(snapshot);
  EXPECT_EQ(decision.wait, milliseconds(100));
  EXPECT_EQ(decision.uncorrected, milliseconds(50));
  EXPECT_EQ(decision.verdict, AdmissionVerdict::kInfeasible);
  EXPECT_EQ(AdmissibleWork(snapshot, decision), milliseconds(42)) << "of 84 ms";
}

TEST(AdmissionPolicy, AnOperatorMayBoundTheWait) {
  AdmissionSnapshot snapshot = Behind(milliseconds(21));
  snapshot.max_wait = milliseconds(20);
  EXPECT_EQ(Verdict(snapshot), AdmissionVerdict::kInfeasible);
}

TEST(AdmissionPolicy, HoursOfWorkDoNotOverflow) {
  AdmissionSnapshot snapshot = Behind(milliseconds(3'600'000));
  snapshot.correction = 4;
  snapshot.busy_versions = 1000;
  EXPECT_EQ(Verdict(snapshot), AdmissionVerdict::kInfeasible);
}

}  // namespace
}  // namespace tournant
