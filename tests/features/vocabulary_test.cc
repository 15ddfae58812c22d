#include "features/vocabulary.h"

#include "features/testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

TEST(Vocabulary, NumbersLinesFromOneAndGivesZeroToTheRest) {
  const auto vocabulary = Vocabulary::Parse("v", "AA\nUA\r\n\nB6");
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.status();
  EXPECT_EQ(vocabulary->IdOf("AA"), 1);
  EXPECT_EQ(vocabulary->IdOf("UA"), 2);
  EXPECT_EQ(vocabulary->IdOf(""), 3);
  EXPECT_EQ(vocabulary->IdOf("B6"), 4);
  EXPECT_EQ(vocabulary->IdOf("aa"), 0);
  EXPECT_EQ(vocabulary->size(), 4);
}

TEST(Vocabulary, TheLastLineBreakMakesNoLine) {
  EXPECT_EQ(Vocabulary::Parse("v", "a\nb\n")->size(), 2);
}

TEST(Vocabulary, RefusesAStringThatIsThereTwice) {
  EXPECT_EQ(Vocabulary::Parse("words.txt", "a\nb\na\n").status().message(),
            "words.txt:3:1: 'a' is already the string of line 1");
}

TEST(Vocabulary, RefusesAnEmptyFileAndAFolder) {
  TempDir folder;
  folder.Write("empty", "");
  EXPECT_THAT(std::string(Vocabulary::ReadFile(folder.path() / "empty").status().message()),
              ::testing::EndsWith("empty: a vocabulary needs at least one line"));
  EXPECT_EQ(Vocabulary::ReadFile(folder.path()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::IsNotFound(Vocabulary::ReadFile(folder.path() / "none").status()));
}

}  // namespace
}  // namespace tournant
