#include "feature_store/redis_read_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "feature_store/fake_redis.h"
#include "feature_store/redis_fields.h"

namespace tournant {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

OnlineRead ReadOf(std::vector<ViewRead> views, std::vector<std::vector<std::string>> key_sets) {
  return {std::make_shared<const std::vector<ViewRead>>(std::move(views)), std::move(key_sets)};
}

std::string CommandText(const RedisReadPlan& plan, size_t command) {
  std::string text;
  plan.AppendCommand(command, &text);
  return text;
}

std::string Hmget(const std::string& key, const std::vector<std::string>& fields) {
  std::string text;
  AppendRespHead(fields.size() + 2, &text);
  AppendRespArgument("HMGET", &text);
  AppendRespArgument(key, &text);
  for (const std::string& field : fields) AppendRespArgument(field, &text);
  return text;
}

absl::Status Fill(const RedisReadPlan& plan, size_t command, const std::string& bytes,
                  OnlineRows& rows, size_t max_bytes = kMaxBytes) {
  RespReader reader(1 << 20);
  reader.Feed(bytes.data(), bytes.size());
  const RespReply* reply = nullptr;
  EXPECT_TRUE(reader.Next(&reply).ok());
  return plan.Fill(command, *reply, max_bytes, rows);
}

std::string FromHex(const char* hex) { return absl::HexStringToBytes(hex); }

TEST(RedisReadPlan, OneCommandAKeyAsksForAllViewsThatShareIt) {
  const OnlineRead read =
      ReadOf({{"stats", {"a", "b"}, 0}, {"place", {"lat"}, 1}, {"profile", {"age"}, 0}},
             {{"k1", "k2"}, {"p"}});
  const RedisReadPlan plan(read, "shop");
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan.Key(0), "k1shop");
  const std::vector<std::string> fields = {RedisFeatureField("stats", "a"),
                                           RedisFeatureField("stats", "b"), "_ts:stats",
                                           RedisFeatureField("profile", "age"), "_ts:profile"};
  EXPECT_EQ(CommandText(plan, 0), Hmget("k1shop", fields));
  EXPECT_EQ(CommandText(plan, 1), Hmget("k2shop", fields));
  EXPECT_EQ(CommandText(plan, 2), Hmget("pshop", {RedisFeatureField("place", "lat"), "_ts:place"}));
}

TEST(RedisReadPlan, AKeyOfTwoSetsIsAskedForOnce) {
  const OnlineRead read =
      ReadOf({{"airport", {"lat"}, 0}, {"airport", {"lat", "tz"}, 1}}, {{"JFK", "LAX"}, {"LAX"}});
  const RedisReadPlan plan(read, "p");
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan.Key(1), "LAXp");
  OnlineRows rows = plan.EmptyRows();
  const std::string time = FromHex("0864");
  ASSERT_TRUE(Fill(plan, 1,
                   ArrayOf({Bulk("one"), Bulk(time), Bulk("two"), Bulk("three"), Bulk(time)}), rows)
                  .ok());
  EXPECT_FALSE(rows.views[0][0].present);
  EXPECT_EQ(rows.Value(rows.views[0][1]), "one");
  EXPECT_EQ(rows.Value(rows.views[1][0]), "two");
  EXPECT_EQ(rows.Value(rows.views[1][1]), "three");
}

// The hash of feature-store documentation, as Feast wrote it.
TEST(RedisReadPlan, AHashThatFeastWroteIsReadAsItIs) {
  const std::string key =
      FromHex("0100000002000000090000006472697665725f69640400000008000000e903000000000000");
  const OnlineRead read = ReadOf({{"driver_hourly_stats", {"conv_rate", "trips", "missing"}, 0},
                                  {"driver_profile", {"age"}, 0}},
                                 {{key}});
  const RedisReadPlan plan(read, "demo");
  EXPECT_EQ(
      CommandText(plan, 0),
      Hmget(key + "demo", {FromHex("6160e3da"), FromHex("b9253f1f"), FromHex("07bdc2f8"),
                           "_ts:driver_hourly_stats", FromHex("8c3c52c3"), "_ts:driver_profile"}));
  OnlineRows rows = plan.EmptyRows();
  const std::string reply = ArrayOf({Bulk(FromHex("350000003f")), Bulk(FromHex("2007")), Bulk(""),
                                     Bulk(FromHex("08a0dfeccb06")), Bulk(FromHex("1821")),
                                     Bulk(FromHex("08a0dfeccb061080cab5ee01"))});
  ASSERT_TRUE(Fill(plan, 0, reply, rows).ok());
  const std::vector<StoredCell>& stats = rows.views[0];
  EXPECT_EQ(rows.Value(stats[0]), FromHex("350000003f"));
  EXPECT_EQ(rows.Value(stats[1]), FromHex("2007"));
  EXPECT_TRUE(stats[2].present);
  EXPECT_EQ(stats[2].size, 0u);
  EXPECT_EQ(stats[2].event_seconds, 1769680800);
  EXPECT_EQ(stats[2].event_nanos, 0);
  EXPECT_EQ(rows.Value(rows.views[1][0]), FromHex("1821"));
  EXPECT_EQ(rows.views[1][0].event_seconds, 1769680800);
  EXPECT_EQ(rows.views[1][0].event_nanos, 500'000'000);
}

TEST(RedisReadPlan, AnEmptyValueIsANullAndNilIsAbsent) {
  const OnlineRead read = ReadOf({{"v", {"null", "absent"}, 0}}, {{"k"}});
  const RedisReadPlan plan(read, "p");
  OnlineRows rows = plan.EmptyRows();
  ASSERT_TRUE(Fill(plan, 0, ArrayOf({Bulk(""), Nil(), Bulk(FromHex("0864"))}), rows).ok());
  EXPECT_TRUE(rows.views[0][0].present);
  EXPECT_EQ(rows.views[0][0].size, 0u);
  EXPECT_FALSE(rows.views[0][1].present);
}

TEST(RedisReadPlan, AViewWithoutATimeWasNotWrittenForThatEntity) {
  const OnlineRead read = ReadOf({{"v", {"a"}, 0}, {"w", {"b"}, 0}}, {{"k"}});
  const RedisReadPlan plan(read, "p");
  OnlineRows rows = plan.EmptyRows();
  ASSERT_TRUE(
      Fill(plan, 0, ArrayOf({Bulk("x"), Nil(), Bulk("y"), Bulk(FromHex("0864"))}), rows).ok());
  EXPECT_FALSE(rows.views[0][0].present);
  EXPECT_TRUE(rows.views[1][0].present);
  EXPECT_EQ(rows.views[1][0].event_seconds, 100);
}

TEST(RedisReadPlan, ATimeThatCannotBeReadIsUnknownNotAnError) {
  const OnlineRead read = ReadOf({{"v", {"a"}, 0}}, {{"k"}});
  const RedisReadPlan plan(read, "p");
  OnlineRows rows = plan.EmptyRows();
  ASSERT_TRUE(Fill(plan, 0, ArrayOf({Bulk("x"), Bulk("\x08\xff")}), rows).ok());
  EXPECT_TRUE(rows.views[0][0].present);
  EXPECT_EQ(rows.views[0][0].event_seconds, 0);
}

TEST(RedisReadPlan, RepliesThatDoNotFitAreRefused) {
  const OnlineRead read = ReadOf({{"v", {"a"}, 0}}, {{"k"}});
  const RedisReadPlan plan(read, "p");
  for (const std::string& reply :
       {std::string("+OK\r\n"), std::string("*0\r\n"), ArrayOf({Bulk("x")}),
        ArrayOf({Bulk("x"), Nil(), Nil()}), ArrayOf({ArrayOf({Bulk("x")}), Nil()})}) {
    OnlineRows rows = plan.EmptyRows();
    EXPECT_EQ(Fill(plan, 0, reply, rows).code(), absl::StatusCode::kUnavailable) << reply;
  }
}

TEST(RedisReadPlan, ABoundOnTheValuesKeepsMemoryInLimits) {
  const OnlineRead read = ReadOf({{"v", {"a"}, 0}}, {{"k", "l"}});
  const RedisReadPlan plan(read, "p");
  OnlineRows rows = plan.EmptyRows();
  const std::string reply = ArrayOf({Bulk("0123456789"), Bulk("")});
  EXPECT_TRUE(Fill(plan, 0, reply, rows, 15).ok());
  EXPECT_EQ(Fill(plan, 1, reply, rows, 15).code(), absl::StatusCode::kOutOfRange);
}

TEST(RedisReadPlan, WithoutKeysNothingIsAsked) {
  const OnlineRead read = ReadOf({{"v", {"a"}, 0}}, {{}});
  const RedisReadPlan plan(read, "p");
  EXPECT_EQ(plan.size(), 0u);
  ASSERT_EQ(plan.EmptyRows().views.size(), 1u);
  EXPECT_TRUE(plan.EmptyRows().views[0].empty());
}

}  // namespace
}  // namespace tournant
