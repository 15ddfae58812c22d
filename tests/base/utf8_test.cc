#include "base/utf8.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

TEST(Utf8, TakesCharactersOfEveryLength) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\u00e9\u20ac\U0001F600\U0010FFFF"));
}

TEST(Utf8, RefusesWhatTheStandardForbids) {
  EXPECT_FALSE(IsUtf8("\x80"));
  EXPECT_FALSE(IsUtf8("\xc3"));
  EXPECT_FALSE(IsUtf8("\xc0\xaf"));          // Overlong.
  EXPECT_FALSE(IsUtf8("\xe0\x80\xaf"));      // Overlong.
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));      // A surrogate.
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80"));  // Above U+10FFFF.
  EXPECT_FALSE(IsUtf8("\xff"));
}

TEST(Utf8, ReplacesOnlyWhatIsWrong) {
  EXPECT_EQ(ToUtf8("a\xff\u00e9\xe2\x82"), "a\ufffd\u00e9\ufffd\ufffd");
  EXPECT_EQ(ToUtf8("good"), "good");
}

}  // namespace
}  // namespace tournant
