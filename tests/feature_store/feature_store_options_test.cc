#include "feature_store/feature_store_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tournant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FeatureStoreOptions, TheEmbeddedFormNamesFileAndRegistry) {
  const auto options =
      ParseEmbeddedFeatureStore("sqlite:data/online.db?registry=data/registry.db", {});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->store, "sqlite:data/online.db");
  EXPECT_EQ(*SqlitePath(options->store), "data/online.db");
  EXPECT_EQ(options->registry, "data/registry.db");
  EXPECT_EQ(options->project, "");
  EXPECT_EQ(options->key_version, "3");
  EXPECT_EQ(options->writer_tz, "UTC");
  EXPECT_EQ(options->address, "");
}

TEST(FeatureStoreOptions, TheEmbeddedFormTakesFurtherParameters) {
  const auto options = ParseEmbeddedFeatureStore(
      "sqlite:/a.db?project=shop&key_version=2&writer_tz=+02:00&registry=/r=1.db", {});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->project, "shop");
  EXPECT_EQ(options->key_version, "2");
  EXPECT_EQ(options->writer_tz, "+02:00");
  EXPECT_EQ(options->registry, "/r=1.db");
}

TEST(FeatureStoreOptions, WhatIsWrongIsNamed) {
  const auto error = [](const char* flag) {
    const auto options = ParseEmbeddedFeatureStore(flag, {});
    EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument) << flag;
    return std::string(options.status().message());
  };
  EXPECT_THAT(error("sqlite:?registry=r"), HasSubstr("path"));
  EXPECT_THAT(error("sqlite:a.db"), HasSubstr("?registry=PATH"));
  EXPECT_THAT(error("sqlite:a.db?registry=r&colour=red"), HasSubstr("'colour'"));
  EXPECT_THAT(error("mysql:a"), HasSubstr("'mysql:a'"));
}

TEST(FeatureStoreOptions, TheEmbeddedFormOfRedisKeepsItsOwnParametersWithTheAddress) {
  const auto options = ParseEmbeddedFeatureStore(
      "redis://u:p@a:1,b:2?registry=/r.db&mode=cluster&project=shop&replicas=true&key_version=2",
      {});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->store, "redis://u:p@a:1,b:2?mode=cluster&replicas=true");
  EXPECT_EQ(options->registry, "/r.db");
  EXPECT_EQ(options->project, "shop");
  EXPECT_EQ(options->key_version, "2");
  EXPECT_TRUE(IsRedisStore(options->store));
  EXPECT_TRUE(CheckStoreName(options->store).ok());
}

TEST(FeatureStoreOptions, WhatIsWrongWithRedisIsNamedWithoutItsPassword) {
  for (const char* flag :
       {"redis://user:secret@host:6379/0", "redis://user:secret@host?registry=r&colour=red",
        "rediss://user:secret@host?registry=r", "redis://user:se?secret@host?registry=r"}) {
    const auto options = ParseEmbeddedFeatureStore(flag, {});
    EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument) << flag;
    EXPECT_THAT(std::string(options.status().message()), Not(HasSubstr("secret"))) << flag;
  }
  EXPECT_THAT(std::string(ParseEmbeddedFeatureStore("redis://h", {}).status().message()),
              HasSubstr("?registry=PATH"));
}

}  // namespace
}  // namespace tournant
