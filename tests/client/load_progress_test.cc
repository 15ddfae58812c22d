#include "cpp/load_progress.h"

#include <chrono>
#include <sstream>

#include "fakes/manual_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

LiveCounts::Window Window() {
  LiveCounts::Window window;
  window.sent = 10'024;
  window.ok = 10'000;
  window.failed = 3;
  window.in_flight = 21;
  for (int i = 0; i < 100; ++i) window.latencies.Add(milliseconds(2));
  return window;
}

TEST(LoadProgress, ShowsWhereTheRunIsAndWhatItDidInTheLastSecond) {
  LoadProgress::Moment moment{.elapsed = milliseconds(3300),
                              .warm_up = seconds(1),
                              .total = seconds(11),
                              .window = seconds(2)};
  EXPECT_EQ(LoadProgress::Line(moment, Window()),
            "[######..............] 3.3 of 11.0 s  5,012 sent/s  5,000 ok/s  21 in flight  "
            "p99 2.00 ms");
  moment.failed = 1234;
  moment.unsent = 5;
  EXPECT_THAT(LoadProgress::Line(moment, Window()), HasSubstr("ms  1,234 errors  5 unsent"));
}

TEST(LoadProgress, SaysThatItWarmsUpAndThatItWaits) {
  LoadProgress::Moment moment{.elapsed = milliseconds(900),
                              .warm_up = seconds(1),
                              .total = seconds(2),
                              .window = seconds(1)};
  EXPECT_THAT(LoadProgress::Line(moment, {}),
              HasSubstr("0.9 of 2.0 s  warming up  0 sent/s  0 ok/s  0 in flight"));
  moment.elapsed = seconds(3);
  EXPECT_THAT(LoadProgress::Line(moment, {}),
              HasSubstr("[####################] 2.0 of 2.0 s  waiting for the last answers"));
}

TEST(LoadProgress, IsDrawnOverItselfWithErrorsAddedUp) {
  ManualClock clock;
  std::ostringstream out;
  LoadProgress progress(out, clock, seconds(0), seconds(4));
  progress.Finish();
  EXPECT_EQ(out.str(), "");
  progress.Start(clock.Now());
  clock.Advance(seconds(1));
  progress.Draw(Window());
  EXPECT_THAT(out.str(), HasSubstr("\r\x1b[K[#####...............] 1.0 of 4.0 s  10,024 sent/s"));
  clock.Advance(seconds(2));
  progress.Draw(Window());
  EXPECT_THAT(out.str(), HasSubstr("\r\x1b[K[###############.....] 3.0 of 4.0 s  5,012 sent/s"));
  EXPECT_THAT(out.str(), HasSubstr("p99 2.00 ms  6 errors"));
  out.str("");
  progress.Finish();
  EXPECT_EQ(out.str(), "\r\x1b[K");
}

}  // namespace
}  // namespace tournant::client
