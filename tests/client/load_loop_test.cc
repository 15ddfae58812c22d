#include "cpp/load_loop.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "client/fake_call_sender.h"
#include "fakes/manual_clock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = FakeCallSender::Answer;

constexpr absl::StatusCode kOk = absl::StatusCode::kOk;

class LoadLoopTest : public ::testing::Test {
 protected:
  // Everything that a test wants otherwise, before Run.
  LoadLoop::Options options_{.warm_up = {}, .duration = seconds(1)};
  std::vector<CallClass> classes_ = {{.criticality = {}, .share = 1, .deadline = seconds(5)}};
  Arrivals arrivals_ = Arrivals::kConstant;
  double calls_per_s_ = 100;  // 0: a closed loop.
  std::atomic<int> interrupts_ = 0;
  LiveCounts live_;
  ManualClock clock_;
  TimePoint start_ = clock_.Now();

  LoadCounts Run(std::function<Answer(const LoadCall&)> serve) {
    sender_.emplace(clock_, std::move(serve));
    std::optional<ArrivalSchedule> schedule;
    if (calls_per_s_ > 0) {
      schedule.emplace(
          ArrivalSchedule::Options{
              .arrivals = arrivals_, .calls_per_s = calls_per_s_, .start = start_},
          std::make_unique<SeededRng>(1));
    }
    LoadLoop loop(options_, classes_, std::move(schedule), std::make_unique<SeededRng>(2), clock_,
                  *sender_, interrupts_, &live_);
    return loop.Run(start_);
  }

  Duration SinceStart() const { return clock_.Now() - start_; }

  std::optional<FakeCallSender> sender_;
};

TEST_F(LoadLoopTest, LatencyCountsFromWhenACallWasDueWhenTheGeneratorStalls) {
  const LoadCounts counts = Run([this](const LoadCall& call) {
    // A stall of half a second while the call that is due at 100 ms is being sent.
    if (call.due == start_ + milliseconds(100)) clock_.Advance(milliseconds(500));
    return Answer{.after = milliseconds(1)};
  });
  const ClassCounts& calls = counts.classes[0];
  EXPECT_EQ(calls.offered, 100);
  EXPECT_EQ(calls.ok, 100);
  // The call itself, and the one that was due 10 ms into the stall and answered 1 ms after it.
  EXPECT_EQ(calls.ok_latency.max(), milliseconds(500));
  // Of the calls due at 110 to 590 ms, each was sent as much later as the stall had left.
  EXPECT_EQ(counts.generator.late, 49);
  EXPECT_EQ(counts.generator.send_lag.max(), milliseconds(490));
  // The median of 50 delayed calls and 50 others: without the stall it is 1 ms.
  EXPECT_GE(calls.ok_latency.Percentile(0.51), milliseconds(10));
  EXPECT_EQ(calls.ok_latency.Percentile(0.5).count() / 1'000'000, 1);
}

TEST_F(LoadLoopTest, CallsAreSentWhenTheyAreDueHoweverLongAnswersTake) {
  const LoadCounts counts = Run([](const LoadCall&) { return Answer{.after = seconds(3)}; });
  ASSERT_EQ(sender_->sent().size(), 100U);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(sender_->sent()[i].due, start_ + milliseconds(10 * i));
    EXPECT_EQ(sender_->sent()[i].sent, sender_->sent()[i].due);
  }
  EXPECT_EQ(counts.generator.late, 0);
  EXPECT_EQ(counts.measured, seconds(1));
  // It waited for the last answer.
  EXPECT_EQ(counts.classes[0].ok, 100);
  EXPECT_EQ(SinceStart(), milliseconds(990) + seconds(3));
}

TEST_F(LoadLoopTest, CallsThatAreDueWhileTooManyWaitAreCountedAsUnsent) {
  options_.max_in_flight = 2;
  const LoadCounts counts = Run([](const LoadCall&) { return Answer{.after = milliseconds(100)}; });
  EXPECT_EQ(counts.classes[0].offered, 100);
  EXPECT_EQ(counts.classes[0].sent, 20);  // Two in each tenth of a second.
  EXPECT_EQ(counts.classes[0].unsent_in_flight, 80);
  EXPECT_EQ(counts.classes[0].ok_latency.max(), milliseconds(100));
  EXPECT_EQ(sender_->most_in_flight(), 2U);
  EXPECT_EQ(live_.Take().unsent, 80);
}

TEST_F(LoadLoopTest, CallsWhoseDeadlinePassedBeforeTheirTurnAreCountedAsUnsent) {
  classes_[0].deadline = milliseconds(100);
  const LoadCounts counts = Run([this](const LoadCall& call) {
    if (call.due == start_) clock_.Advance(milliseconds(500));
    return Answer{.after = milliseconds(1)};
  });
  // Those due at 10 to 400 ms; the one due at 410 ms has 10 ms left.
  EXPECT_EQ(counts.classes[0].unsent_expired, 40);
  EXPECT_EQ(counts.classes[0].sent, 60);
  EXPECT_EQ(counts.classes[0].ok, 60);
}

TEST_F(LoadLoopTest, EveryOfferedCallIsOkFailedOrUnsent) {
  arrivals_ = Arrivals::kPoisson;
  calls_per_s_ = 5000;
  options_.max_in_flight = 40;
  options_.warm_up = milliseconds(100);
  classes_ = {{.criticality = "critical", .share = 3, .deadline = milliseconds(20)},
              {.criticality = "sheddable", .share = 1, .deadline = milliseconds(8)}};
  SeededRng rng(9);
  const LoadCounts counts = Run([&](const LoadCall&) {
    const uint64_t drawn = rng.Next();
    if (drawn % 500 == 0) clock_.Advance(milliseconds(drawn % 60));
    return Answer{.after = milliseconds(drawn % 15),
                  .code = static_cast<absl::StatusCode>(drawn % 64 < 17 ? drawn % 64 : 0)};
  });
  int64_t errors = 0;
  for (const ClassCounts& calls : counts.classes) {
    EXPECT_EQ(calls.offered, calls.sent + calls.unsent());
    EXPECT_EQ(calls.sent, calls.ok + calls.failed());
    EXPECT_EQ(calls.ok, static_cast<int64_t>(calls.ok_latency.count()));
    EXPECT_EQ(calls.rejected(), static_cast<int64_t>(calls.rejected_latency.count()));
    EXPECT_LE(calls.in_time, calls.ok);
    EXPECT_GT(calls.unsent_in_flight, 0);
    EXPECT_GT(calls.unsent_expired, 0);
    for (const auto& [code, count] : calls.errors) errors += count;
  }
  const ClassCounts total = counts.Total();
  EXPECT_EQ(total.failed(), errors);
  EXPECT_EQ(total.errors.size(), 16U);
  EXPECT_NEAR(static_cast<double>(total.offered), 5000, 300);
}

TEST_F(LoadLoopTest, ClassesAreCountedApartEachByItsDeadline) {
  calls_per_s_ = 1000;
  classes_ = {{.criticality = "critical", .share = 7, .deadline = milliseconds(100)},
              {.criticality = "sheddable", .share = 3, .deadline = milliseconds(20)}};
  const LoadCounts counts = Run([](const LoadCall&) { return Answer{.after = milliseconds(50)}; });
  EXPECT_NEAR(static_cast<double>(counts.classes[0].offered), 700, 60);
  EXPECT_EQ(counts.classes[0].offered + counts.classes[1].offered, 1000);
  EXPECT_EQ(counts.classes[0].in_time, counts.classes[0].ok);
  EXPECT_EQ(counts.classes[1].ok, counts.classes[1].offered);
  EXPECT_EQ(counts.classes[1].in_time, 0);
}

TEST_F(LoadLoopTest, ACallIsLateByATenthOfAShortDeadline) {
  classes_[0].deadline = milliseconds(5);
  const LoadCounts counts = Run([this](const LoadCall& call) {
    // The next call is sent 0.6 ms late.
    if (call.due == start_) clock_.Advance(std::chrono::microseconds(10'600));
    return Answer{};
  });
  EXPECT_EQ(counts.generator.late, 1);
}

TEST_F(LoadLoopTest, CallsOfTheWarmUpAreSentAndNotCounted) {
  options_.warm_up = milliseconds(300);
  const LoadCounts counts = Run([](const LoadCall& call) {
    return Answer{.after = milliseconds(1),
                  .code = call.counted ? kOk : absl::StatusCode::kUnavailable};
  });
  EXPECT_EQ(sender_->sent().size(), 130U);
  EXPECT_EQ(counts.classes[0].offered, 100);
  EXPECT_EQ(counts.classes[0].ok, 100);
  EXPECT_TRUE(counts.first_errors.empty());
  EXPECT_EQ(counts.generator.send_lag.count(), 100U);
  EXPECT_EQ(counts.measured, seconds(1));
}

TEST_F(LoadLoopTest, AClosedLoopKeepsAsManyCallsInFlightUntilTheEnd) {
  calls_per_s_ = 0;
  options_.concurrency = 8;
  const LoadCounts counts = Run([](const LoadCall&) { return Answer{.after = milliseconds(30)}; });
  EXPECT_EQ(sender_->most_in_flight(), 8U);
  // Eight at once, at 0, 30, ..., 990 ms.
  EXPECT_EQ(counts.classes[0].offered, 8 * 34);
  EXPECT_EQ(counts.classes[0].ok, 8 * 34);
  EXPECT_EQ(counts.classes[0].unsent(), 0);
  EXPECT_EQ(counts.classes[0].ok_latency.max(), milliseconds(30));
  EXPECT_EQ(SinceStart(), milliseconds(1020));
}

TEST_F(LoadLoopTest, AClosedLoopThatStartsLateLosesNothing) {
  calls_per_s_ = 0;
  clock_.Advance(seconds(60));
  const LoadCounts counts = Run([](const LoadCall&) { return Answer{.after = milliseconds(100)}; });
  EXPECT_EQ(counts.classes[0].ok, 10);
}

TEST_F(LoadLoopTest, AnInterruptEndsTheSendingAndWaitsForTheAnswers) {
  const LoadCounts counts = Run([this](const LoadCall& call) {
    if (call.due == start_ + milliseconds(200)) ++interrupts_;
    return Answer{.after = seconds(2)};
  });
  EXPECT_TRUE(counts.interrupted);
  EXPECT_EQ(counts.classes[0].offered, 21);
  EXPECT_EQ(counts.classes[0].ok, 21);
  EXPECT_EQ(counts.measured, milliseconds(210));
}

TEST_F(LoadLoopTest, ASecondInterruptCancelsWhatIsInFlight) {
  const LoadCounts counts = Run([this](const LoadCall& call) {
    const Duration due = call.due - start_;
    if (due == milliseconds(0)) return Answer{.after = milliseconds(1)};
    if (due == milliseconds(200)) interrupts_ = 2;
    return Answer{.after = seconds(1000)};
  });
  EXPECT_EQ(counts.classes[0].ok, 1);
  EXPECT_EQ(counts.classes[0].errors.at(absl::StatusCode::kCancelled),
            counts.classes[0].offered - 1);
  EXPECT_LT(SinceStart(), seconds(1));
}

TEST_F(LoadLoopTest, AnInterruptInTheWarmUpLeavesNothingMeasured) {
  options_.warm_up = seconds(1);
  const LoadCounts counts = Run([this](const LoadCall&) {
    interrupts_ = 1;
    return Answer{};
  });
  EXPECT_EQ(counts.Total().offered, 0);
  EXPECT_EQ(counts.measured, Duration(0));
}

TEST_F(LoadLoopTest, RejectedCallsHaveLatenciesOfTheirOwnAndTheFirstErrorIsKept) {
  const LoadCounts counts = Run([this](const LoadCall& call) {
    const auto number = (call.due - start_) / milliseconds(10);
    if (number % 2 == 0) return Answer{.after = milliseconds(9)};
    return Answer{.after = milliseconds(2),
                  .code = absl::StatusCode::kResourceExhausted,
                  .message = "queue " + std::to_string(number)};
  });
  const ClassCounts& calls = counts.classes[0];
  EXPECT_EQ(calls.rejected(), 50);
  EXPECT_EQ(calls.rejected_latency.max(), milliseconds(2));
  EXPECT_EQ(calls.ok_latency.min(), milliseconds(9));
  EXPECT_EQ(counts.first_errors.at(absl::StatusCode::kResourceExhausted), "queue 1");
}

TEST_F(LoadLoopTest, BusyTimeIsThatOfTheMeasuredPart) {
  options_.warm_up = milliseconds(500);
  const LoadCounts counts = Run([this](const LoadCall& call) {
    sender_->add_busy(call.counted ? milliseconds(2) : milliseconds(9));
    return Answer{.after = seconds(2)};
  });
  EXPECT_EQ(counts.generator.threads, 1);
  EXPECT_NEAR(counts.generator.BusyCores(), 0.2, 0.01);
}

TEST_F(LoadLoopTest, TheLiveCountsAreThoseSinceTheyWereLastTaken) {
  Run([](const LoadCall&) { return Answer{.after = milliseconds(1)}; });
  const LiveCounts::Window window = live_.Take();
  EXPECT_EQ(window.sent, 100);
  EXPECT_EQ(window.ok, 100);
  EXPECT_EQ(window.in_flight, 0);
  EXPECT_EQ(window.latencies.max(), milliseconds(1));
  EXPECT_EQ(live_.Take().sent, 0);
}

}  // namespace
}  // namespace tournant::client
