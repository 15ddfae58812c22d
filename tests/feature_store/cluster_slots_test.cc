#include "feature_store/cluster_slots.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

const RedisNode kAsked{"10.1.1.1", 7000};

absl::StatusOr<ClusterSlots> ParseBytes(const std::string& bytes) {
  RespReader reader(1 << 20);
  reader.Feed(bytes.data(), bytes.size());
  const RespReply* reply = nullptr;
  EXPECT_TRUE(reader.Next(&reply).ok());
  if (reply == nullptr) return absl::UnknownError("not a whole reply");
  return ClusterSlots::Parse(*reply, kAsked);
}

std::string Node(const std::string& host, int port) {
  return absl::StrCat("*4\r\n$", host.size(), "\r\n", host, "\r\n:", port,
                      "\r\n$2\r\nid\r\n*1\r\n$1\r\nm\r\n");
}
std::string Range(int first, int last, const std::string& nodes, int count) {
  return absl::StrCat("*", 2 + count, "\r\n:", first, "\r\n:", last, "\r\n", nodes);
}

TEST(ClusterSlot, IsCrc16OfTheKeyAsRedisCountsIt) {
  EXPECT_EQ(ClusterSlot("123456789"), 0x31C3);
  EXPECT_EQ(ClusterSlot(""), 0);
  EXPECT_EQ(ClusterSlot("foo"), 12182);
  EXPECT_EQ(ClusterSlot("somekey"), 11058);
}

TEST(ClusterSlot, OnlyWhatIsInTheFirstBracesCounts) {
  EXPECT_EQ(ClusterSlot("{user1000}.following"), ClusterSlot("user1000"));
  EXPECT_EQ(ClusterSlot("foo{bar}{zap}"), ClusterSlot("bar"));
  EXPECT_EQ(ClusterSlot("foo{{bar}}zap"), ClusterSlot("{bar"));
  // Empty or open braces are bytes like others.
  EXPECT_NE(ClusterSlot("foo{}{bar}"), ClusterSlot("bar"));
  EXPECT_NE(ClusterSlot("foo{bar"), ClusterSlot("bar"));
}

TEST(ClusterSlots, TellsMasterAndReplicasOfASlot) {
  const auto slots = ParseBytes("*2\r\n" + Range(0, 5460, Node("a", 1) + Node("b", 2), 2) +
                                Range(5461, 16383, Node("c", 3), 1));
  ASSERT_TRUE(slots.ok()) << slots.status();
  EXPECT_EQ(slots->Find(0)->master.Text(), "a:1");
  EXPECT_EQ(slots->Find(5460)->replicas.at(0).Text(), "b:2");
  EXPECT_EQ(slots->Find(5461)->master.Text(), "c:3");
  EXPECT_EQ(slots->Find(16383)->master.Text(), "c:3");
  EXPECT_TRUE(slots->Find(16383)->replicas.empty());
  EXPECT_EQ(slots->shards().size(), 2u);
}

TEST(ClusterSlots, ASlotThatNobodyServesHasNoShard) {
  const auto slots = ParseBytes("*1\r\n" + Range(10, 20, Node("a", 1), 1));
  ASSERT_TRUE(slots.ok());
  EXPECT_EQ(slots->Find(9), nullptr);
  EXPECT_NE(slots->Find(20), nullptr);
  EXPECT_EQ(slots->Find(21), nullptr);
}

TEST(ClusterSlots, ANodeWithoutAHostIsTheOneThatWasAsked) {
  const auto slots = ParseBytes("*1\r\n" + Range(0, 16383, Node("", 7001) + Node("?", 7002), 2));
  ASSERT_TRUE(slots.ok());
  EXPECT_EQ(slots->Find(1)->master.Text(), "10.1.1.1:7001");
  EXPECT_EQ(slots->Find(1)->replicas[0].Text(), "10.1.1.1:7002");
  const auto nil = ParseBytes("*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$-1\r\n:7003\r\n");
  ASSERT_TRUE(nil.ok());
  EXPECT_EQ(nil->Find(1)->master.Text(), "10.1.1.1:7003");
}

TEST(ClusterSlots, RepliesThatMakeNoSenseAreRefused) {
  for (const std::string& bytes : {
           std::string("+OK\r\n"),
           std::string("*0\r\n"),
           std::string("*1\r\n:5\r\n"),
           "*1\r\n" + Range(5, 4, Node("a", 1), 1),
           "*1\r\n" + Range(0, 16384, Node("a", 1), 1),
           "*1\r\n" + Range(-1, 4, Node("a", 1), 1),
           "*1\r\n" + Range(0, 4, Node("a", 0), 1),
           "*1\r\n" + Range(0, 4, ":1\r\n", 1),
           std::string("*1\r\n*2\r\n:1\r\n:2\r\n"),
       }) {
    EXPECT_EQ(ParseBytes(bytes).status().code(), absl::StatusCode::kUnavailable) << bytes;
  }
}

TEST(ClusterSlots, AMoveChangesOneSlot) {
  auto slots =
      ParseBytes("*2\r\n" + Range(0, 99, Node("a", 1), 1) + Range(100, 16383, Node("b", 2), 1));
  ASSERT_TRUE(slots.ok());
  slots->Move(5, {"b", 2});
  slots->Move(6, {"new", 9});
  EXPECT_EQ(slots->Find(4)->master.Text(), "a:1");
  EXPECT_EQ(slots->Find(5)->master.Text(), "b:2");
  EXPECT_EQ(slots->Find(6)->master.Text(), "new:9");
  EXPECT_EQ(slots->Find(7)->master.Text(), "a:1");
}

TEST(ClusterRedirect, MovedAndAskNameTheNode) {
  const auto moved = ParseClusterRedirect("MOVED 3999 127.0.0.1:6381", kAsked);
  ASSERT_TRUE(moved.has_value());
  EXPECT_FALSE(moved->ask);
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->node.Text(), "127.0.0.1:6381");
  const auto ask = ParseClusterRedirect("ASK 1 ::1:6381", kAsked);
  ASSERT_TRUE(ask.has_value());
  EXPECT_TRUE(ask->ask);
  EXPECT_EQ(ask->node.host, "::1");
  EXPECT_EQ(ParseClusterRedirect("MOVED 1 :6381", kAsked)->node.Text(), "10.1.1.1:6381");
}

TEST(ClusterRedirect, OtherErrorsAreNone) {
  for (const char* text : {"ERR no", "MOVED", "MOVED x a:1", "MOVED 16384 a:1", "MOVED 1 a",
                           "ASK 1 a:0", "CLUSTERDOWN The cluster is down", ""}) {
    EXPECT_FALSE(ParseClusterRedirect(text, kAsked).has_value()) << text;
  }
}

}  // namespace
}  // namespace tournant
