#include "models/config_scheduling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/config_text.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Action = QueuePolicy::TimeoutAction;

TEST(ConfigVersionPolicy, IsTheLatestOneUnlessGiven) {
  EXPECT_EQ(Accepted("version_policy { }").version_policy.latest, 1);
  EXPECT_EQ(Accepted("version_policy { latest { } }").version_policy.latest, 1);
  const VersionPolicy policy =
      Accepted("version_policy { latest { num_versions: 3 } }").version_policy;
  EXPECT_EQ(policy.kind, VersionPolicy::Kind::kLatest);
  EXPECT_EQ(policy.latest, 3);
}

TEST(ConfigVersionPolicy, MayBeAllOrSpecificVersions) {
  EXPECT_EQ(Accepted("version_policy { all { } }").version_policy.kind, VersionPolicy::Kind::kAll);
  const VersionPolicy policy =
      Accepted("version_policy: { specific: { versions: [ 7, 1 ] } }").version_policy;
  EXPECT_EQ(policy.kind, VersionPolicy::Kind::kSpecific);
  EXPECT_THAT(policy.specific, ElementsAre(1, 7));
}

TEST(ConfigVersionPolicy, NamesVersionsThatThereCanBe) {
  EXPECT_EQ(RefusalOf("version_policy { specific { } }"),
            "m/config.pbtxt:3:18: version_policy.specific names no versions");
  EXPECT_EQ(RefusalOf("version_policy { specific { versions: 1 versions: 0 } }"),
            "m/config.pbtxt:3:41: version_policy.specific.versions[1] is 0; a version is above 0");
  EXPECT_THAT(RefusalOf("version_policy { specific { versions: [ 2, 3, 2 ] } }"),
              HasSubstr("versions[2] names 2 again"));
  EXPECT_THAT(RefusalOf("version_policy { latest { } all { } }"), HasSubstr("3:33: "));
}

TEST(ConfigInstanceGroups, BoundWhatRunsAtTheSameTime) {
  EXPECT_EQ(Accepted("instance_group { count: 3 kind: KIND_CPU }").max_concurrency, 3);
  EXPECT_EQ(Accepted("instance_group [ { count: 1 }, { count: 2 name: \"b\" } ]").max_concurrency,
            3);
}

TEST(ConfigInstanceGroups, WithoutACountLeaveItToTheWorkers) {
  EXPECT_EQ(Accepted("instance_group { kind: KIND_CPU }").max_concurrency, 0);
  EXPECT_EQ(Accepted("instance_group [ { count: 2 }, { } ]").max_concurrency, 0);
}

TEST(ConfigInstanceGroups, RunOnTheCpu) {
  EXPECT_EQ(RefusalOf("instance_group { kind: KIND_GPU }"),
            "m/config.pbtxt:3:18: instance_group[0].kind is not supported: models run on the CPU; "
            "say KIND_CPU or KIND_AUTO");
  EXPECT_THAT(RefusalOf("instance_group [ { }, { kind: KIND_MODEL } ]"),
              HasSubstr("3:25: instance_group[1].kind is not supported"));
  EXPECT_EQ(RefusalOf("instance_group { count: -1 }"),
            "m/config.pbtxt:3:18: instance_group[0].count is negative");
}

Batching BatchingOf(const std::string& text) {
  return Accepted(absl::StrCat("max_batch_size: 16 dynamic_batching { ", text, " }")).batching;
}
std::string BatchingRefusal(const std::string& text) {
  return RefusalOf(absl::StrCat("max_batch_size: 16 dynamic_batching {\n", text, "\n}"));
}

TEST(ConfigBatching, IsReadWhole) {
  const Batching batching = BatchingOf(R"(
      preferred_batch_size: [ 8, 4, 8 ]
      max_queue_delay_microseconds: 250
      priority_levels: 3
      default_priority_level: 2
      default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 5000
                             allow_timeout_override: true max_queue_size: 40 }
      priority_queue_policy { key: 1 value { max_queue_size: 7 } })");
  EXPECT_THAT(batching.preferred_batch_sizes, ElementsAre(4, 8));
  EXPECT_EQ(batching.max_queue_delay_us, 250);
  EXPECT_FALSE(batching.preserve_ordering);
  EXPECT_EQ(batching.priority_levels, 3);
  EXPECT_EQ(batching.default_priority_level, 2);
  EXPECT_EQ(batching.default_policy.timeout_action, Action::kDelay);
  EXPECT_EQ(batching.default_policy.default_timeout_us, 5000);
  EXPECT_TRUE(batching.default_policy.allow_timeout_override);
  EXPECT_EQ(batching.default_policy.max_queue_size, 40);
  EXPECT_EQ(batching.PolicyOf(1).max_queue_size, 7);
  EXPECT_EQ(batching.PolicyOf(1).timeout_action, Action::kReject);
  EXPECT_EQ(batching.PolicyOf(3).max_queue_size, 40);
}

TEST(ConfigBatching, PrefersSizesThatThereCanBe) {
  EXPECT_EQ(BatchingRefusal("preferred_batch_size: 32"),
            "m/config.pbtxt:4:1: dynamic_batching.preferred_batch_size[0] is 32; it has to be from "
            "1 to max_batch_size, which is 16");
  EXPECT_THAT(BatchingRefusal("preferred_batch_size: [ 4, 0 ]"),
              HasSubstr("preferred_batch_size[1] is 0; it has to be from 1"));
  EXPECT_THAT(RefusalOf("dynamic_batching { preferred_batch_size: 1 }"),
              HasSubstr("to max_batch_size, which is 0"));
}

TEST(ConfigBatching, ADelayNeedsBatchesToWaitFor) {
  EXPECT_EQ(
      RefusalOf("dynamic_batching { max_queue_delay_microseconds: 5 }"),
      "m/config.pbtxt:3:20: dynamic_batching.max_queue_delay_microseconds has no effect while "
      "max_batch_size is 0");
  EXPECT_THAT(BatchingRefusal("max_queue_delay_microseconds: 18446744073709551615"),
              HasSubstr("is above 10000000, ten seconds"));
}

TEST(ConfigBatching, LevelsComeWithADefaultAmongThem) {
  EXPECT_EQ(
      BatchingRefusal("priority_levels: 2"),
      "m/config.pbtxt:4:1: dynamic_batching.priority_levels needs default_priority_level, for "
      "requests that name none");
  EXPECT_EQ(BatchingRefusal("priority_levels: 2\ndefault_priority_level: 3"),
            "m/config.pbtxt:5:1: dynamic_batching.default_priority_level is 3; it has to be one of "
            "1 to priority_levels, which is 2");
  EXPECT_THAT(BatchingRefusal("default_priority_level: 1"), HasSubstr("which is 0"));
  EXPECT_THAT(BatchingRefusal("priority_levels: 18446744073709551615 default_priority_level: 1"),
              HasSubstr("priority_levels is above 1000"));
}

TEST(ConfigBatching, PoliciesAreForLevelsThatThereAre) {
  const std::string levels = "priority_levels: 2 default_priority_level: 1\n";
  for (const char* key : {"0", "3", "18446744073709551615"}) {
    EXPECT_EQ(
        BatchingRefusal(absl::StrCat(levels, "priority_queue_policy { key: ", key, " value { } }")),
        absl::StrCat("m/config.pbtxt:5:1: dynamic_batching.priority_queue_policy[", key,
                     "] is for a level that is not one of 1 to priority_levels, which is 2"));
  }
  EXPECT_THAT(BatchingRefusal("priority_queue_policy { key: 1 value { } }"),
              HasSubstr("which is 0"));
  EXPECT_THAT(BatchingRefusal(absl::StrCat(levels, "priority_queue_policy { key: 1 value { } }\n",
                                           "priority_queue_policy { key: 1 value { } }")),
              HasSubstr("6:1: dynamic_batching.priority_queue_policy[1] is given twice"));
}

TEST(ConfigBatching, KeepsAnOrderOnlyWhereNothingOvertakes) {
  EXPECT_TRUE(BatchingOf("preserve_ordering: true").preserve_ordering);
  EXPECT_TRUE(BatchingOf("preserve_ordering: true priority_levels: 1 default_priority_level: 1")
                  .preserve_ordering);
  EXPECT_EQ(BatchingRefusal("preserve_ordering: true priority_levels: 2 default_priority_level: 1"),
            "m/config.pbtxt:4:1: dynamic_batching.preserve_ordering does not go together with "
            "several priority_levels");
  EXPECT_THAT(
      BatchingRefusal("preserve_ordering: true default_queue_policy { timeout_action: DELAY }"),
      HasSubstr("does not go together with timeout_action DELAY"));
}

TEST(ConfigBatching, ATimeoutThatNobodySeesEndIsCutSoThatItDoesNotOverflow) {
  const Batching batching =
      BatchingOf("default_queue_policy { default_timeout_microseconds: 18446744073709551615 }");
  EXPECT_EQ(batching.default_policy.default_timeout_us, int64_t{365} * 24 * 3600 * 1'000'000);
}

}  // namespace
}  // namespace tournant
