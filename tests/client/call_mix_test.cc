#include "cpp/call_mix.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr milliseconds kDeadline{250};

std::vector<CallClass> Parsed(const std::string& text) {
  const auto classes = ParseMix(text, kDeadline);
  EXPECT_TRUE(classes.ok()) << classes.status();
  return *classes;
}

TEST(ParseMix, ReadsClassesWithSharesAndDeadlines) {
  const auto classes = Parsed("critical:70:100ms,sheddable-plus:29.5,critical-plus");
  ASSERT_EQ(classes.size(), 3U);
  EXPECT_EQ(classes[0].criticality, "critical");
  EXPECT_EQ(classes[0].share, 70);
  EXPECT_EQ(classes[0].deadline, milliseconds(100));
  EXPECT_EQ(classes[1].criticality, "sheddable-plus");
  EXPECT_EQ(classes[1].share, 29.5);
  EXPECT_EQ(classes[1].deadline, kDeadline);
  EXPECT_EQ(classes[2].criticality, "critical-plus");
  EXPECT_EQ(classes[2].share, 1);
}

TEST(ParseMix, OfNothingIsOneClassWithoutCriticality) {
  const auto classes = Parsed("");
  ASSERT_EQ(classes.size(), 1U);
  EXPECT_EQ(classes[0].criticality, "");
  EXPECT_EQ(classes[0].deadline, kDeadline);
}

TEST(ParseMix, TakesAClassTwiceWithOtherDeadlines) {
  EXPECT_EQ(Parsed("critical:1:10ms,critical:1:1s")[1].deadline, milliseconds(1000));
}

TEST(ParseMix, NamesTheEntryThatIsWrong) {
  const std::map<std::string, std::string> cases = {
      {"critical,urgent:2", "'urgent:2': the class is none of critical-plus, critical, "},
      {"critical:", "'critical:': the share is no number above 0"},
      {"critical:0", "'critical:0': the share is no number above 0"},
      {"critical:-1", "the share is no number above 0"},
      {"critical:inf", "the share is no number above 0"},
      {"critical:1:5", "the deadline is no time with its unit, such as 100ms"},
      {"critical:1:0s", "'critical:1:0s': the deadline has to be from 1ms to 24h"},
      {"critical:1:1s:x", "is not CLASS[:SHARE[:DEADLINE]]"},
      {"critical,", "'': the class is none of"},
  };
  for (const auto& [text, message] : cases) {
    const auto classes = ParseMix(text, kDeadline);
    EXPECT_EQ(classes.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(classes.status().message()), HasSubstr(message));
  }
}

// How often each of the classes comes in 100,000 draws.
std::vector<int> Drawn(const std::string& text, uint64_t seed = 1) {
  const CallMix mix(Parsed(text));
  SeededRng rng(seed);
  std::vector<int> counts(Parsed(text).size());
  for (int i = 0; i < 100'000; ++i) ++counts[mix.Choose(rng)];
  return counts;
}

TEST(CallMix, ClassesComeInTheirShares) {
  const auto counts = Drawn("critical-plus:1,critical:70,sheddable:29");
  EXPECT_NEAR(counts[0], 1000, 150);
  EXPECT_NEAR(counts[1], 70'000, 600);
  EXPECT_NEAR(counts[2], 29'000, 600);
}

TEST(CallMix, SharesNeedNotAddUpTo100) {
  EXPECT_NEAR(Drawn("critical:0.002,sheddable:0.006")[0], 25'000, 600);
}

TEST(CallMix, EqualSeedsGiveEqualDraws) {
  EXPECT_EQ(Drawn("critical:1,sheddable:1", 5), Drawn("critical:1,sheddable:1", 5));
  EXPECT_NE(Drawn("critical:1,sheddable:1", 5), Drawn("critical:1,sheddable:1", 6));
}

TEST(CallMix, OfOneClassIsAlwaysThatOne) { EXPECT_EQ(Drawn("")[0], 100'000); }

}  // namespace
}  // namespace tournant::client
