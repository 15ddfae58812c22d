#include "models/version_number.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

TEST(VersionNumber, IsACanonicalDecimalAboveZero) {
  EXPECT_EQ(ParseVersionNumber("1"), 1);
  EXPECT_EQ(ParseVersionNumber("20260101"), 20260101);
  EXPECT_EQ(ParseVersionNumber("9223372036854775807"), INT64_MAX);
  for (const char* text :
       {"", "0", "01", "+1", "-1", " 1", "1 ", "1.5", "1a", "tmp", "9223372036854775808"}) {
    EXPECT_EQ(ParseVersionNumber(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tournant
