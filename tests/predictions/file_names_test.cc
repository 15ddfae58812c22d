#include "predictions/file_names.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

const WallTime kNow{std::chrono::seconds(1'380'628'800)};

TEST(FileNames, SortInTheOrderOfTheRecords) {
  const LogRun run = NewRun(kNow, {});
  EXPECT_EQ(run.id, 1'380'628'800'000'000u);
  EXPECT_EQ(FileName(run, 1), "predictions-20131001T120000.000000Z-00000001.tpred");
  EXPECT_LT(FileName(run, 9), FileName(run, 10));
  const LogRun later = NewRun(kNow + std::chrono::microseconds(1), {});
  EXPECT_LT(FileName(run, 99'999'999), FileName(later, 1));
}

TEST(FileNames, OfARunAreNewAlsoWhenTheClockStandsStill) {
  const LogRun first = NewRun(kNow, {});
  const LogRun second = NewRun(kNow, {FileName(first, 1)});
  EXPECT_EQ(second.id, first.id + 1);
  const LogRun third = NewRun(kNow, {OpenFileName(first, 5), FileName(second, 1)});
  EXPECT_EQ(third.id, first.id + 2);
}

TEST(FileNames, ARunIsUniqueByWhenItBeganAndByChance) {
  EXPECT_EQ(UniqueRun(kNow, 0x1234'5678'001e'abcd), "20131001T120000.000000Z-001eabcd");
  EXPECT_NE(UniqueRun(kNow, 1), UniqueRun(kNow, 2));
}

TEST(FileNames, TellOpenFilesFromFinishedOnesAndFromOthers) {
  const LogRun run = NewRun(kNow, {});
  EXPECT_TRUE(IsLogFile(FileName(run, 1)));
  EXPECT_TRUE(IsLogFile(OpenFileName(run, 1)));
  EXPECT_FALSE(IsOpenFile(FileName(run, 1)));
  EXPECT_TRUE(IsOpenFile(OpenFileName(run, 1)));
  EXPECT_FALSE(IsLogFile(FileName(run, 1) + ".damaged"));
  EXPECT_FALSE(IsLogFile("notes.tpred"));
  EXPECT_EQ(FinishedName(OpenFileName(run, 1)), FileName(run, 1));
}

}  // namespace
}  // namespace tournant
