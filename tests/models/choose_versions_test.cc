#include "models/choose_versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tournant {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> Choose(const VersionPolicy& policy, std::vector<int64_t> there) {
  std::vector<FoundVersion> found;
  for (const int64_t number : there) found.emplace_back().number = number;
  std::vector<int64_t> numbers;
  const auto chosen = ChooseVersions(policy, found);
  if (!chosen.ok()) return {};
  for (const FoundVersion& version : *chosen) numbers.push_back(version.number);
  return numbers;
}

TEST(ChooseVersions, LatestTakesTheHighest) {
  VersionPolicy policy;
  EXPECT_THAT(Choose(policy, {1, 9, 10}), ElementsAre(10));
  policy.latest = 2;
  EXPECT_THAT(Choose(policy, {1, 9, 10}), ElementsAre(9, 10));
  policy.latest = 9;
  EXPECT_THAT(Choose(policy, {1, 9, 10}), ElementsAre(1, 9, 10));
}

TEST(ChooseVersions, AllTakesAll) {
  VersionPolicy policy;
  policy.kind = VersionPolicy::Kind::kAll;
  EXPECT_THAT(Choose(policy, {1, 9, 10}), ElementsAre(1, 9, 10));
}

TEST(ChooseVersions, SpecificTakesThoseThatAreThere) {
  VersionPolicy policy;
  policy.kind = VersionPolicy::Kind::kSpecific;
  policy.specific = {2, 9};
  EXPECT_THAT(Choose(policy, {1, 9, 10}), ElementsAre(9));
  const auto none = ChooseVersions(policy, {});
  EXPECT_EQ(none.status().message(),
            "none of the versions that version_policy names (2, 9) has a directory");
}

}  // namespace
}  // namespace tournant
