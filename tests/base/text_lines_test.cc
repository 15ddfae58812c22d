#include "base/text_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tournant {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> LinesOf(absl::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(TakeLine(text));
  return lines;
}

TEST(TextLines, EndWithALineFeedThatMayFollowACarriageReturn) {
  EXPECT_THAT(LinesOf("a\nb\r\nc\n"), ElementsAre("a", "b", "c"));
}

TEST(TextLines, MayEndWithTheText) {
  EXPECT_THAT(LinesOf("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(LinesOf("b\r"), ElementsAre("b"));
}

TEST(TextLines, MayBeEmpty) { EXPECT_THAT(LinesOf("\n\r\na\n\n"), ElementsAre("", "", "a", "")); }

TEST(TextLines, KeepACarriageReturnWithin) { EXPECT_THAT(LinesOf("a\rb\n"), ElementsAre("a\rb")); }

}  // namespace
}  // namespace tournant
