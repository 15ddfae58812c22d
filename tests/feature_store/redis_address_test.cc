#include "feature_store/redis_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tournant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RedisAddress Parsed(const std::string& url) {
  const auto address = ParseRedisAddress(url);
  EXPECT_TRUE(address.ok()) << url << ": " << address.status();
  return address.ok() ? *address : RedisAddress();
}

std::string Error(const std::string& url) {
  const auto address = ParseRedisAddress(url);
  EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << url;
  return std::string(address.status().message());
}

TEST(RedisAddress, AHostAloneIsTheDefaultPortAndDatabaseWithoutLogin) {
  const RedisAddress address = Parsed("redis://redis.local");
  ASSERT_EQ(address.nodes.size(), 1u);
  EXPECT_EQ(address.nodes[0].Text(), "redis.local:6379");
  EXPECT_EQ(address.mode, RedisMode::kSingle);
  EXPECT_EQ(address.db, 0);
  EXPECT_EQ(address.user, "");
  EXPECT_EQ(address.password, "");
}

TEST(RedisAddress, UserPasswordPortAndDatabaseAreTaken) {
  const RedisAddress address = Parsed("redis://feast:s:3cret@10.0.0.1:6380/5");
  EXPECT_EQ(address.user, "feast");
  EXPECT_EQ(address.password, "s:3cret");
  EXPECT_EQ(address.nodes[0].Text(), "10.0.0.1:6380");
  EXPECT_EQ(address.db, 5);
  EXPECT_EQ(Parsed("redis://:only@h/").password, "only");
  EXPECT_EQ(Parsed("redis://u:a%40b%2Fc%3f%25@h").password, "a@b/c?%");
}

TEST(RedisAddress, AnIpv6HostIsInBrackets) {
  EXPECT_EQ(Parsed("redis://[::1]:7000").nodes[0].host, "::1");
  EXPECT_EQ(Parsed("redis://[::1]:7000").nodes[0].Text(), "[::1]:7000");
  EXPECT_EQ(Parsed("redis://[fe80::2]").nodes[0].Text(), "[fe80::2]:6379");
  EXPECT_THAT(Error("redis://::1:7000"), HasSubstr("not HOST:PORT"));
}

TEST(RedisAddress, AClusterIsSomeOfItsNodes) {
  const RedisAddress address = Parsed("redis://:p@a:1,b:2,c/0?mode=cluster&replicas=true");
  EXPECT_EQ(address.mode, RedisMode::kCluster);
  EXPECT_TRUE(address.read_from_replicas);
  ASSERT_EQ(address.nodes.size(), 3u);
  EXPECT_EQ(address.nodes[1].Text(), "b:2");
  EXPECT_EQ(address.nodes[2].Text(), "c:6379");
}

TEST(RedisAddress, SentinelsWatchAMasterByName) {
  const RedisAddress address = Parsed("redis://s1,s2:5/2?mode=sentinel&master=features");
  EXPECT_EQ(address.mode, RedisMode::kSentinel);
  EXPECT_EQ(address.master, "features");
  EXPECT_EQ(address.nodes[0].Text(), "s1:26379");
  EXPECT_EQ(address.nodes[1].Text(), "s2:5");
  EXPECT_EQ(address.db, 2);
}

TEST(RedisAddress, TlsIsRefusedWithAWayOut) {
  EXPECT_THAT(Error("rediss://h:1"), HasSubstr("TLS is not supported"));
  EXPECT_THAT(Error("redis://h:1?ssl=true"), HasSubstr("TLS is not supported"));
  EXPECT_EQ(Parsed("redis://h:1?ssl=false").nodes.size(), 1u);
}

TEST(RedisAddress, WhatIsWrongIsNamed) {
  EXPECT_THAT(Error("redis://"), HasSubstr("not HOST:PORT"));
  EXPECT_THAT(Error("redis:host"), HasSubstr("begins with redis://"));
  EXPECT_THAT(Error("redis://h:0"), HasSubstr("port from 1 to 65535"));
  EXPECT_THAT(Error("redis://h:70000"), HasSubstr("port from 1 to 65535"));
  EXPECT_THAT(Error("redis://h/x"), HasSubstr("'x' is no number of a Redis database"));
  EXPECT_THAT(Error("redis://h/-1"), HasSubstr("'-1'"));
  EXPECT_THAT(Error("redis://h?mode=ring"), HasSubstr("'ring'"));
  EXPECT_THAT(Error("redis://h?colour=red"), HasSubstr("'colour' is unknown"));
  EXPECT_THAT(Error("redis://h?mode=cluster&replicas=some"), HasSubstr("'some'"));
  EXPECT_THAT(Error("redis://user@h"), HasSubstr("a user needs a password"));
}

TEST(RedisAddress, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_THAT(Error("redis://a,b"), HasSubstr("several hosts need mode="));
  EXPECT_THAT(Error("redis://a/1?mode=cluster"), HasSubstr("no database but 0"));
  EXPECT_THAT(Error("redis://a?replicas=true"), HasSubstr("goes with mode=cluster"));
  EXPECT_THAT(Error("redis://a?mode=sentinel"), HasSubstr("needs master=NAME"));
  EXPECT_THAT(Error("redis://a?master=m"), HasSubstr("goes with mode=sentinel"));
}

TEST(RedisAddress, NoErrorShowsAPassword) {
  for (const char* url :
       {"redis://u:secret@h:0", "redis://u:secret@h?mode=x", "rediss://u:secret@h",
        "redis://u:sec/secret@h", "redis://u:sec?secret@h", "redis://u:secret%zz@h",
        "redis://u:secret@h/x", "redis://:a?secret@h?mode=x"}) {
    EXPECT_THAT(Error(url), Not(HasSubstr("secret"))) << url;
  }
}

}  // namespace
}  // namespace tournant
