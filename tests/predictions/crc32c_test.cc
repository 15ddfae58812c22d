#include "predictions/crc32c.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

// Vectors of RFC 3720, B.4.
TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  std::string rising, falling;
  for (char i = 0; i < 32; ++i) rising += i;
  for (char i = 31; i >= 0; --i) falling += i;
  EXPECT_EQ(Crc32c(rising), 0x46DD794Eu);
  EXPECT_EQ(Crc32c(falling), 0x113FDB5Cu);
}

TEST(Crc32c, OfNothingIsZero) { EXPECT_EQ(Crc32c(""), 0u); }

TEST(Crc32c, GoesOnFromWhatCameBefore) {
  const std::string text = "the quick brown fox";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc32c(text.substr(cut), Crc32c(text.substr(0, cut))), Crc32c(text));
  }
}

}  // namespace
}  // namespace tournant
