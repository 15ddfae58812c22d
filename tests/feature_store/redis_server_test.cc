// The store against a real redis-server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "fakes/redis_process.h"
#include "feature_store/redis_fields.h"
#include "feature_store/redis_store_test.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

class RedisServerTest : public RedisStoreTest {
 protected:
  RedisServerTest() { call_.context.deadline += std::chrono::hours(1); }

  // A row of view "v" as Feast writes it.
  static std::string Write(const std::string& key, const std::string& value) {
    return RespCommand({"HSET", key + "p", RedisFeatureField("v", "f"), value, "_ts:v",
                        absl::string_view("\x08\x64", 2)});
  }
};

TEST_F(RedisServerTest, ReadsWhatWasWrittenAndNothingElse) {
  RedisProcess redis;
  redis.Send(Write("a", "one") + Write("null", "") +
                 RespCommand({"HSET", "nop", RedisFeatureField("v", "f"), "no time"}),
             3);
  Open(absl::StrCat("redis://127.0.0.1:", redis.port()));
  const auto rows = ReadNow({"a", "null", "no", "absent"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(ValueAt(rows, 0), "one");
  EXPECT_TRUE(rows->views[0][1].present);
  EXPECT_EQ(rows->views[0][1].size, 0u);
  EXPECT_FALSE(rows->views[0][2].present);
  EXPECT_FALSE(rows->views[0][3].present);
}

TEST_F(RedisServerTest, AKeyThatHasExpiredIsAbsent) {
  RedisProcess redis;
  redis.Send(Write("a", "one") + RespCommand({"PEXPIREAT", "ap", "1"}), 2);
  Open(absl::StrCat("redis://127.0.0.1:", redis.port()));
  EXPECT_FALSE(ReadNow({"a"})->views[0][0].present);
}

TEST_F(RedisServerTest, AKeyThatIsNoHashIsNamedAsTheFault) {
  RedisProcess redis;
  redis.Send(RespCommand({"SET", "ap", "x"}), 1);
  Open(absl::StrCat("redis://127.0.0.1:", redis.port()));
  EXPECT_EQ(ReadNow({"a"}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RedisServerTest, PasswordUserAndDatabaseAreTheServersOwn) {
  // A user who may do nothing but read hashes, and log in.
  RedisProcess redis({"--user", "feast", "on", ">s3cret", "~*", "-@all", "+hmget", "+select"});
  redis.Send(RespCommand({"SELECT", "3"}) + Write("a", "three"), 2);
  const auto url = [&](const char* login) {
    return absl::StrCat("redis://", login, "@127.0.0.1:", redis.port(), "/3");
  };
  Open(url("feast:s3cret"));
  EXPECT_EQ(ValueAt(ReadNow({"a"}), 0), "three");
  Open(url("feast:wrong"));
  const absl::Status refused = ReadNow({"a"}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("WRONGPASS"));
}

TEST_F(RedisServerTest, AServerThatWantsAPasswordSaysSo) {
  RedisProcess redis({"--requirepass", "word"});
  Open(absl::StrCat("redis://127.0.0.1:", redis.port()));
  EXPECT_THAT(std::string(ReadNow({"a"}).status().message()), HasSubstr("NOAUTH"));
  Open(absl::StrCat("redis://:word@127.0.0.1:", redis.port()));
  EXPECT_TRUE(ReadNow({"a"}).ok());
}

TEST_F(RedisServerTest, ManyKeysAndLargeValuesComeBackWhole) {
  RedisProcess redis;
  std::string commands;
  std::vector<std::string> keys;
  for (size_t i = 0; i < 1000; ++i) {
    keys.push_back(absl::StrCat("k", i));
    commands += Write(keys.back(), std::string(i * 5, static_cast<char>('a' + i % 26)));
  }
  redis.Send(commands, keys.size());
  Open(absl::StrCat("redis://127.0.0.1:", redis.port()));
  const auto rows = ReadNow(keys);
  ASSERT_TRUE(rows.ok()) << rows.status();
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(ValueAt(rows, i), std::string(i * 5, static_cast<char>('a' + i % 26)));
  }
}

}  // namespace
}  // namespace tournant
