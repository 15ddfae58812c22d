#include "feature_store/event_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tournant {
namespace {

using ::testing::HasSubstr;

TEST(EventTime, ReadsTheTextThatOldFeastWrote) {
  EXPECT_EQ(ParseTextTime("2026-01-29 10:00:00")->seconds, 1769680800);
  EXPECT_EQ(ParseTextTime("2026-01-29 10:00:00")->nanos, 0);
  EXPECT_EQ(ParseTextTime("1970-01-01 00:00:00")->seconds, 0);
  EXPECT_EQ(ParseTextTime("1969-12-31 23:59:59")->seconds, -1);
  EXPECT_EQ(ParseTextTime("2024-02-29 23:59:59")->seconds, 1709251199);
}

TEST(EventTime, KeepsFractionsOfASecond) {
  EXPECT_EQ(ParseTextTime("2026-01-29 10:00:00.5")->nanos, 500'000'000);
  EXPECT_EQ(ParseTextTime("2026-01-29 10:00:00.000001")->nanos, 1000);
  EXPECT_EQ(ParseTextTime("2026-01-29 10:00:00.123456789123")->nanos, 123'456'789);
}

TEST(EventTime, UndoesAnOffsetInTheText) {
  EXPECT_EQ(ParseTextTime("2026-01-29T10:00:00Z")->seconds, 1769680800);
  EXPECT_EQ(ParseTextTime("2026-01-29 10:00:00+00:00")->seconds, 1769680800);
  EXPECT_EQ(ParseTextTime("2026-01-29 05:00:00.25-05:00")->seconds, 1769680800);
}

TEST(EventTime, RefusesEverythingElse) {
  for (const char* text : {"", "yesterday", "2026-01-29", "2026-13-01 00:00:00",
                           "2026-02-30 00:00:00", "2026-01-29 24:00:00", "2026-01-29 10:00:00.",
                           "2026-01-29 10:00:00 EST", "2026-1-29 10:00:00", "1769680800"}) {
    EXPECT_FALSE(ParseTextTime(text).has_value()) << text;
  }
}

TEST(EventTime, KnowsFixedZonesAndRefusesThoseThatChange) {
  EXPECT_EQ(*ParseFixedZone("UTC"), 0);
  EXPECT_EQ(*ParseFixedZone("Z"), 0);
  EXPECT_EQ(*ParseFixedZone("+05:30"), 19800);
  EXPECT_EQ(*ParseFixedZone("-0500"), -18000);
  EXPECT_EQ(*ParseFixedZone("GMT"), 0);
  EXPECT_THAT(std::string(ParseFixedZone("America/New_York").status().message()),
              HasSubstr("'America/New_York'"));
  for (const char* zone : {"", "5", "+25", "+05:99", "UTC+", "UTC+1", "GMT-11", "+5:3", "CET"}) {
    EXPECT_FALSE(ParseFixedZone(zone).ok()) << zone;
  }
}

}  // namespace
}  // namespace tournant
