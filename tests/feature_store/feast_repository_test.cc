#include "feature_store/feast_repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fakes/temp_dir.h"
#include "feature_store/redis_address.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FeastRepositoryTest : public ::testing::Test {
 protected:
  absl::StatusOr<FeatureStoreOptions> Read(const std::string& yaml,
                                           const std::vector<std::string>& environment = {}) {
    std::ofstream(File()) << yaml;
    return ReadFeastRepository(folder_.path().native(), environment);
  }
  std::string Error(const std::string& yaml) {
    const absl::Status status = Read(yaml).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << yaml;
    return std::string(status.message());
  }
  std::string Store(const std::string& online_store) {
    const auto options = Read("project: p\nonline_store:\n" + online_store);
    EXPECT_TRUE(options.ok()) << options.status();
    return options.ok() ? options->store : "";
  }
  std::string File() const { return (folder_.path() / "feature_store.yaml").native(); }
  std::string Path(const char* relative) const { return (folder_.path() / relative).native(); }

  const TempDir folder_;
};

TEST_F(FeastRepositoryTest, WhatFeastInitWritesIsRead) {
  const auto options = Read(
      "project: shop\n"
      "# By default, the registry is a file\n"
      "registry: data/registry.db\n"
      "provider: local\n"
      "online_store:\n"
      "    type: sqlite\n"
      "    path: data/online_store.db\n"
      "entity_key_serialization_version: 3\n"
      "auth:\n"
      "    type: no_auth\n");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->project, "shop");
  EXPECT_EQ(options->registry, Path("data/registry.db"));
  EXPECT_EQ(options->store, "sqlite:" + Path("data/online_store.db"));
  EXPECT_EQ(options->key_version, "3");
  EXPECT_FALSE(options->versioned_views);
}

TEST_F(FeastRepositoryTest, WhatIsLeftOutIsWhatFeastTakesForIt) {
  const auto options = Read("project: shop\n");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->registry, Path("data/registry.db"));
  EXPECT_EQ(options->store, "sqlite:" + Path("data/online.db"));
  EXPECT_EQ(options->key_version, "3");
}

TEST_F(FeastRepositoryTest, TheFileItselfMayBeNamed) {
  std::ofstream(Path("other.yaml")) << "project: shop\nregistry: r.db\n";
  const auto options = ReadFeastRepository(Path("other.yaml"), {});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->registry, Path("r.db"));
}

TEST_F(FeastRepositoryTest, ARegistryMayBeAMappingAndSayThatViewsAreVersioned) {
  const auto options = Read(
      "project: shop\n"
      "registry:\n"
      "  registry_type: file\n"
      "  path: file:///var/feast/registry.db\n"
      "  enable_online_feature_view_versioning: true\n"
      "entity_key_serialization_version: 2\n");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->registry, "/var/feast/registry.db");
  EXPECT_TRUE(options->versioned_views);
  EXPECT_EQ(options->key_version, "2");
}

TEST_F(FeastRepositoryTest, RedisIsTranslatedFromFeastsConnectionString) {
  EXPECT_EQ(Store("  type: redis\n"), "redis://localhost:6379");
  EXPECT_EQ(Store("  type: redis\n  connection_string: \"redis:6380,db=2,password=a,ssl=false\"\n"),
            "redis://:a@redis:6380/2");
  EXPECT_EQ(Store("  type: redis\n  connection_string: 'r:1,username=u,password=\"p@s:s=1\"'\n"),
            "redis://u:p%40s%3as%3d1@r:1");
  EXPECT_EQ(Store("  type: redis\n  redis_type: redis_cluster\n  connection_string: a:1,b:2\n"),
            "redis://a:1,b:2?mode=cluster");
  EXPECT_EQ(Store("  type: redis\n  redis_type: redis_sentinel\n  sentinel_master: m\n"
                  "  connection_string: a:1,b:2,db=1\n"),
            "redis://a:1,b:2/1?mode=sentinel&master=m");
  const auto named = ParseRedisAddress(
      Store("  type: redis\n  redis_type: redis_sentinel\n  sentinel_master: my-master_1\n"));
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(named->master, "my-master_1");
  EXPECT_EQ(Store("  type: redis\n  connection_string: a:1,b:2\n"), "redis://a:1")
      << "Feast's client of one server asks the first";
}

TEST_F(FeastRepositoryTest, VariablesAreReplacedAsFeastReplacesThem) {
  const auto options = Read(
      "project: ${TEAM}_$KIND\n"
      "registry: ${NOT_SET}/r$.db\n"
      "online_store: {type: redis, connection_string: 'r:1,password=${PASSWORD}'}\n",
      {"TEAM=shop", "KIND=prod", "PASSWORD=x=y"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->project, "shop_prod");
  EXPECT_EQ(options->registry, Path("${NOT_SET}/r$.db"));
  EXPECT_EQ(options->store, "redis://:x%3dy@r:1");
}

TEST_F(FeastRepositoryTest, WhatIsNotReadHereIsNamedWithItsPlace) {
  EXPECT_THAT(Error("project: p\nregistry:\n  registry_type: sql\n"),
              StartsWith(File() + ":3:18: registry_type 'sql' is not supported"));
  EXPECT_THAT(Error("project: p\nregistry: s3://bucket/registry.db\n"),
              StartsWith(File() + ":2:11: registry 's3://bucket/registry.db'"));
  EXPECT_THAT(Error("project: p\nonline_store: {type: dynamodb}\n"),
              HasSubstr(":2:15: online_store 'dynamodb' is not supported"));
  EXPECT_THAT(Error("project: p\nonline_store: {type: redis, redis_type: ring}\n"),
              HasSubstr("redis_type 'ring' is unknown"));
}

TEST_F(FeastRepositoryTest, AWrongPasswordedAddressIsRefusedWithoutThePassword) {
  const std::string error = Error(
      "project: p\nonline_store: {type: redis, connection_string: "
      "'r:1,ssl=true,password=geheim'}\n");
  EXPECT_THAT(error, HasSubstr("TLS is not supported"));
  EXPECT_THAT(error, Not(HasSubstr("geheim")));
}

TEST_F(FeastRepositoryTest, WhatIsNoRepositoryIsNamed) {
  EXPECT_THAT(Error("registry: r.db\n"), HasSubstr("names no project"));
  EXPECT_THAT(Error("- a\n"), HasSubstr("no mapping"));
  EXPECT_THAT(Error("project: p\nregistry: {\n"), StartsWith(File() + ":"));
  EXPECT_THAT(
      Error("project: p\nregistry: {path: r.db, enable_online_feature_view_versioning: 7}\n"),
      HasSubstr(":2:"));
  EXPECT_THAT(Error("project: p\nonline_store: {type: sqlite, path: [a]}\n"),
              HasSubstr(":2:36: has the wrong type"));
  EXPECT_THAT(Error("project: p\nonline_store: null\n"), HasSubstr("online_store is null"));
  EXPECT_THAT(Error("project: p\nonline_store: {type: redis, connection_string: 'a:1,ssl=1'}\n"),
              HasSubstr("TLS is not supported"));
  const absl::Status missing = ReadFeastRepository(Path("nowhere"), {}).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("nowhere"));
  // What Docker makes of a mount that is not there.
  std::filesystem::remove(File());
  std::filesystem::create_directory(File());
  EXPECT_EQ(ReadFeastRepository(folder_.path().native(), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FeastRepositoryTest, TheEmbeddedFormReadsItAndItsParametersWin) {
  ASSERT_TRUE(
      Read("project: shop\nentity_key_serialization_version: 2\n"
           "online_store: {type: redis, redis_type: redis_cluster, connection_string: 'a:1'}\n")
          .ok());
  const auto options = ParseEmbeddedFeatureStore(
      "feast:" + folder_.path().native() + "?key_version=3-legacy&writer_tz=+02:00&replicas=true",
      {});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->project, "shop");
  EXPECT_EQ(options->registry, Path("data/registry.db"));
  EXPECT_EQ(options->store, "redis://a:1?mode=cluster&replicas=true");
  EXPECT_EQ(options->key_version, "3-legacy");
  EXPECT_EQ(options->writer_tz, "+02:00");
}

}  // namespace
}  // namespace tournant
