// --model_control=poll: what has been still for a period is acted upon, and nothing else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.h"
#include "models/loader_fixture.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The period is so long that only the manual clock lets it pass.
class LoaderPollTest : public LoaderTest {
 protected:
  LoaderPollTest() {
    options_.control = ModelControl::kPoll;
    options_.poll_period = std::chrono::hours(10);
    // The files that a test has just written are an old story.
    manual_.SetWall(SystemClock().WallNow() + std::chrono::hours(1000));
  }
  const Clock& clock() const override { return manual_; }

  void PeriodPasses() {
    manual_.Advance(options_.poll_period);
    Rescan();
  }

  ManualClock manual_;
};

TEST_F(LoaderPollTest, WhatChangedLongAgoIsLoadedAtStart) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderPollTest, WhatHasJustChangedWaitsForAPeriodAtStart) {
  manual_.SetWall(SystemClock().WallNow());
  WriteVersion("m", 1);
  MakeLoader().Start();
  // The first look may come before or after the clock is moved.
  for (int i = 0; i < 3; ++i) PeriodPasses();
  EXPECT_TRUE(loader_->LoadAll().ok());
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderPollTest, WhatHasJustChangedIsNotLoadedAtOnce) {
  manual_.SetWall(SystemClock().WallNow());
  WriteVersion("m", 1);
  MakeLoader().Start();
  Rescan();  // Ends the wait at the start, before any time has passed.
  EXPECT_THAT(States(), IsEmpty());
  PeriodPasses();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderPollTest, ANewModelIsLoadedWhenItHasBeenStillForAPeriod) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());  // An empty repository may fill later.
  EXPECT_FALSE(registry_.AllReady());
  WriteVersion("m", 1);
  Rescan();
  EXPECT_THAT(States(), IsEmpty());
  PeriodPasses();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
  EXPECT_TRUE(registry_.AllReady());
}

TEST_F(LoaderPollTest, WhatIsStillBeingCopiedIsLeftAlone) {
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  dir_.Write("m/1/model.pt", "PK");
  Rescan();
  dir_.Write("m/1/model.pt", "PK and more");
  PeriodPasses();
  dir_.Write("m/1/.carriers.txt.part", "A");
  PeriodPasses();
  dir_.Remove("m/1/.carriers.txt.part");
  WriteVersion("m", 1);
  PeriodPasses();
  EXPECT_THAT(States(), IsEmpty());
  PeriodPasses();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
  EXPECT_EQ(factory_.loads(), 1);
}

TEST_F(LoaderPollTest, FilesThatChangeDuringTheLoadAreNotPublished) {
  bool disturb = true;
  FunctionStep step([&](ModelVersion&) {
    if (std::exchange(disturb, false)) WriteModelFile("m", 1, "other");
    return absl::OkStatus();
  });
  steps_ = {&step};
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  WriteVersion("m", 1);
  Rescan();
  PeriodPasses();
  EXPECT_THAT(States(), ElementsAre("m/1 LOADING"));
  PeriodPasses();
  PeriodPasses();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
}

TEST_F(LoaderPollTest, WhatIsGoneForAPeriodIsUnloaded) {
  WriteVersion("m", 1);
  ASSERT_TRUE(MakeLoader().LoadAll().ok());
  dir_.Remove("m");
  Rescan();
  EXPECT_THAT(States(), ElementsAre("m/1 READY"));
  PeriodPasses();
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(LoaderPollTest, AnotherPollDoesNotTryAFailedModelAgainButAScanThatIsAskedForDoes) {
  WriteVersion("m", 1, "broken");
  EXPECT_FALSE(MakeLoader().LoadAll().ok());
  EXPECT_EQ(factory_.loads(), 1);
  Rescan();
  EXPECT_EQ(factory_.loads(), 2);
}

// On the real clock.
using LoaderPollByItselfTest = LoaderTest;

TEST_F(LoaderPollByItselfTest, LooksWhenThePeriodIsOver) {
  options_.control = ModelControl::kPoll;
  options_.poll_period = std::chrono::milliseconds(1);
  ASSERT_TRUE(MakeLoader(/*exit_on_error=*/false).LoadAll().ok());
  WriteVersion("m", 1);
  while (!registry_.Find("m").ok()) std::this_thread::yield();
  dir_.Remove("m");
  while (registry_.Find("m").ok()) std::this_thread::yield();
}

}  // namespace
}  // namespace tournant
