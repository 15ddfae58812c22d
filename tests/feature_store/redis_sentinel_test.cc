// The store over a master that sentinels watch, all of them fakes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "feature_store/redis_store_test.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Command = FakeRedis::Command;
using Answer = FakeRedis::Answer;

class RedisSentinelTest : public RedisStoreTest {
 protected:
  RedisSentinelTest() { call_.context.deadline += std::chrono::hours(1); }

  std::string Url(const std::string& login = "", const std::string& path = "") const {
    return absl::StrCat("redis://", login, "127.0.0.1:", one_.port(), ",127.0.0.1:", two_.port(),
                        path, "?mode=sentinel&master=features");
  }

  static FakeRedis::Script SentinelFor(int port) {
    return [port](const Command&) -> Answer {
      return {ArrayOf({Bulk("127.0.0.1"), Bulk(absl::StrCat(port))})};
    };
  }
  static FakeRedis::Script ServerNamed(const std::string& name, const std::string& role) {
    return [name, role](const Command& command) -> Answer {
      if (command.front() == "ROLE") return {ArrayOf({Bulk(role), ":0\r\n", "*0\r\n"})};
      if (command.front() == "HMGET") return {Row(name)};
      return {"+OK\r\n"};
    };
  }

  const PortLease one_;  // sentinels
  const PortLease two_;
  const PortLease a_;  // servers
  const PortLease b_;
};

TEST_F(RedisSentinelTest, ReadsWhereTheSentinelsSayAndLogsInThereOnly) {
  FakeRedis sentinel(&one_, SentinelFor(a_.port()));
  FakeRedis a(&a_, ServerNamed("a", "master"));
  Open(Url(":word@", "/4"));
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "a");
  const std::vector<Command> asked = sentinel.WaitForCommands(2);
  EXPECT_THAT(asked[1], ElementsAre("SENTINEL", "get-master-addr-by-name", "features"));
  EXPECT_EQ(sentinel.Count("AUTH"), 0u);
  const std::vector<Command> greeting = a.WaitForCommands(4);
  EXPECT_THAT(greeting[0], ElementsAre("AUTH", "word"));
  EXPECT_THAT(greeting[1], ElementsAre("SELECT", "4"));
  EXPECT_THAT(greeting[2], ElementsAre("ROLE"));
}

TEST_F(RedisSentinelTest, ASentinelThatIsDownIsPassedOver) {
  FakeRedis sentinel(&two_, SentinelFor(a_.port()));
  FakeRedis a(&a_, ServerNamed("a", "master"));
  Open(Url());
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "a");
}

TEST_F(RedisSentinelTest, WithoutSentinelsReadsFailAtOnce) {
  Open(Url());
  const absl::Status status = ReadNow({"k"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Connection refused"));
}

TEST_F(RedisSentinelTest, ANameThatNoSentinelKnowsIsShown) {
  FakeRedis one(&one_, [](const Command&) -> Answer { return {"*-1\r\n"}; });
  FakeRedis two(&two_, [](const Command&) -> Answer { return {"*-1\r\n"}; });
  Open(Url());
  EXPECT_THAT(std::string(ReadNow({"k"}).status().message()), HasSubstr("no master 'features'"));
}

TEST_F(RedisSentinelTest, TheSuccessorOfALostMasterIsFound) {
  FakeRedis sentinel(&one_, SentinelFor(a_.port()));
  FakeRedis b(&b_, ServerNamed("b", "master"));
  {
    FakeRedis a(&a_, ServerNamed("a", "master"));
    Open(Url());
    EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "a");
  }
  sentinel.ChangeScript(SentinelFor(b_.port()));
  call_.clock.Advance(std::chrono::milliseconds(100));
  EXPECT_EQ(ValueAt(ReadUntilItWorks({"k"}), 0), "b");
}

TEST_F(RedisSentinelTest, AMasterThatWasReplacedWithoutKnowingItIsLeftAfterAWhile) {
  FakeRedis sentinel(&one_, SentinelFor(a_.port()));
  FakeRedis a(&a_, ServerNamed("a", "master"));
  FakeRedis b(&b_, ServerNamed("b", "master"));
  Open(Url());
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "a");
  sentinel.ChangeScript(SentinelFor(b_.port()));
  call_.clock.Advance(std::chrono::seconds(5));
  while (ValueAt(ReadNow({"k"}), 0) != "b") {
  }
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "b");
}

TEST_F(RedisSentinelTest, AServerThatIsNoMasterIsNotRead) {
  FakeRedis sentinel(&one_, SentinelFor(a_.port()));
  FakeRedis a(&a_, ServerNamed("a", "slave"));
  Open(Url());
  const absl::Status status = ReadNow({"k"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not the master"));
  EXPECT_EQ(a.Count("HMGET"), 0u);
  // It is promoted.
  a.ChangeScript(ServerNamed("a", "master"));
  call_.clock.Advance(std::chrono::seconds(2));
  EXPECT_EQ(ValueAt(ReadUntilItWorks({"k"}), 0), "a");
}

TEST_F(RedisSentinelTest, ASentinelWithOldNewsIsNotAskedAgainWhenItsMasterIsNone) {
  FakeRedis one(&one_, SentinelFor(a_.port()));
  FakeRedis two(&two_, SentinelFor(b_.port()));
  FakeRedis a(&a_, ServerNamed("a", "slave"));
  FakeRedis b(&b_, ServerNamed("b", "master"));
  Open(Url());
  EXPECT_FALSE(ReadNow({"k"}).ok());
  call_.clock.Advance(std::chrono::milliseconds(100));
  EXPECT_EQ(ValueAt(ReadUntilItWorks({"k"}), 0), "b");
  // Nor does the regular question go there.
  call_.clock.Advance(std::chrono::seconds(5));
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "b");
  two.WaitFor("SENTINEL", 2);
  EXPECT_EQ(one.Count("SENTINEL"), 1u);
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "b");
}

TEST_F(RedisSentinelTest, TimePassesWithoutWorkWhileNoSentinelAnswers) {
  SeededRng rng(1);
  HostResolver resolver([] {});
  FakeRedis one(&one_, [](const Command&) -> Answer { return {}; });
  const auto router = MakeRedisRouter(At(Url()).router, call_.clock, resolver, rng);
  router->Turn();
  call_.clock.Advance(std::chrono::seconds(6));
  // The attempt of before is given up, and each sentinel may be asked once more.
  for (int i = 0; i < 5; ++i) router->Turn();
  EXPECT_GT(router->due(), call_.clock.Now());
}

}  // namespace
}  // namespace tournant
