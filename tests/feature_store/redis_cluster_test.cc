// The store over a cluster, of fake nodes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "feature_store/cluster_slots.h"
#include "feature_store/redis_store_test.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

using Command = FakeRedis::Command;
using Answer = FakeRedis::Answer;

constexpr int kLastOfLower = 8191;
constexpr int kLast = 16383;

// Two nodes, a and b, at places that are known before they run. a serves the lower half of the
// slots and b the upper one, unless a test says otherwise.
class RedisClusterTest : public RedisStoreTest {
 protected:
  RedisClusterTest() { call_.context.deadline += std::chrono::hours(1); }

  std::string Url(const std::string& more = "") const {
    return absl::StrCat("redis://127.0.0.1:", a_.port(), ",127.0.0.1:", b_.port(), "?mode=cluster",
                        more);
  }

  static std::string Node(int port) {
    return ArrayOf({Bulk("127.0.0.1"), absl::StrCat(":", port, "\r\n"), Bulk("id")});
  }
  static std::string Range(int first, int last, const std::vector<int>& ports) {
    std::vector<std::string> parts = {absl::StrCat(":", first, "\r\n"),
                                      absl::StrCat(":", last, "\r\n")};
    for (const int port : ports) parts.push_back(Node(port));
    return ArrayOf(parts);
  }
  std::string Halves() const {
    return ArrayOf(
        {Range(0, kLastOfLower, {a_.port()}), Range(kLastOfLower + 1, kLast, {b_.port()})});
  }
  static std::string AllOn(const std::vector<int>& ports) {
    return ArrayOf({Range(0, kLast, ports)});
  }

  // A node that knows `slots` and answers each key with `name` and the key.
  static FakeRedis::Script NodeNamed(const std::string& name, const std::string& slots) {
    return [name, slots](const Command& command) -> Answer {
      if (command.front() == "CLUSTER") return {slots};
      if (command.front() == "HMGET") return {Row(absl::StrCat(name, ":", command.at(1)))};
      return {"+OK\r\n"};
    };
  }
  // The same, but reads are answered with `error`.
  static FakeRedis::Script Refusing(const std::string& error, const std::string& slots) {
    return [error, slots](const Command& command) -> Answer {
      if (command.front() == "CLUSTER") return {slots};
      return {command.front() == "HMGET" ? absl::StrCat("-", error, "\r\n") : "+OK\r\n"};
    };
  }

  // A key whose slot is in the lower or the upper half.
  static std::string KeyIn(bool upper) {
    for (int i = 0;; ++i) {
      const std::string key = absl::StrCat("k", i);
      if ((ClusterSlot(key + "p") > kLastOfLower) == upper) return key;
    }
  }
  std::string Moved(int port) const {
    return absl::StrCat("MOVED ", ClusterSlot(low_ + "p"), " 127.0.0.1:", port);
  }

  const PortLease a_;
  const PortLease b_;
  const std::string low_ = KeyIn(false);
  const std::string high_ = KeyIn(true);
};

TEST_F(RedisClusterTest, EachKeyIsReadWhereItsSlotIs) {
  FakeRedis a(&a_, NodeNamed("a", Halves()));
  FakeRedis b(&b_, NodeNamed("b", Halves()));
  Open(Url());
  const auto rows = ReadNow({high_, low_});
  EXPECT_EQ(ValueAt(rows, 0), absl::StrCat("b:", high_, "p"));
  EXPECT_EQ(ValueAt(rows, 1), absl::StrCat("a:", low_, "p"));
  EXPECT_TRUE(ReadNow({low_}).ok());
  EXPECT_EQ(a.Count("CLUSTER") + b.Count("CLUSTER"), 1u);
}

TEST_F(RedisClusterTest, ASeedThatIsDownIsPassedOver) {
  FakeRedis b(&b_, NodeNamed("b", AllOn({b_.port()})));
  Open(Url());
  EXPECT_EQ(ValueAt(ReadNow({low_}), 0), absl::StrCat("b:", low_, "p"));
}

TEST_F(RedisClusterTest, WithoutAnyNodeReadsFailAtOnceUntilOneIsBack) {
  Open(Url());
  const absl::Status status = ReadNow({low_}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Connection refused"));
  EXPECT_FALSE(ReadNow({low_}).ok());
  FakeRedis b(&b_, NodeNamed("b", AllOn({b_.port()})));
  call_.clock.Advance(std::chrono::seconds(2));
  EXPECT_TRUE(ReadUntilItWorks({low_}).ok());
}

TEST_F(RedisClusterTest, AKeyThatHasMovedIsFollowedAndItsNewPlaceRemembered) {
  FakeRedis b(&b_, NodeNamed("b", AllOn({b_.port()})));
  FakeRedis a(&a_, Refusing(Moved(b_.port()), AllOn({a_.port()})));
  Open(absl::StrCat("redis://127.0.0.1:", a_.port(), "?mode=cluster"));
  EXPECT_EQ(ValueAt(ReadNow({low_}), 0), absl::StrCat("b:", low_, "p"));
  EXPECT_EQ(ValueAt(ReadNow({low_}), 0), absl::StrCat("b:", low_, "p"));
  EXPECT_EQ(a.Count("HMGET"), 1u);
}

TEST_F(RedisClusterTest, AMoveMakesTheSlotsBeAskedForAgain) {
  FakeRedis b(&b_, NodeNamed("b", AllOn({b_.port()})));
  FakeRedis a(&a_, Refusing(Moved(b_.port()), AllOn({a_.port()})));
  Open(absl::StrCat("redis://127.0.0.1:", a_.port(), "?mode=cluster"));
  ASSERT_TRUE(ReadNow({low_}).ok());
  a.ChangeScript(Refusing(Moved(b_.port()), AllOn({b_.port()})));
  call_.clock.Advance(std::chrono::milliseconds(100));
  ASSERT_TRUE(ReadNow({low_}).ok());
  a.WaitFor("CLUSTER", 2);
  ASSERT_TRUE(ReadNow({low_}).ok());  // The answer came before that of this read.
  // Now another slot is read in its new place without asking the old one.
  const size_t asked = a.Count("HMGET");
  EXPECT_EQ(ValueAt(ReadNow({high_}), 0), absl::StrCat("b:", high_, "p"));
  EXPECT_EQ(a.Count("HMGET"), asked);
}

TEST_F(RedisClusterTest, AKeyOnItsWayIsAskedForAtItsNewPlaceOnce) {
  FakeRedis b(&b_, NodeNamed("b", AllOn({a_.port()})));
  FakeRedis a(&a_, Refusing(absl::StrCat("ASK ", ClusterSlot(low_ + "p"), " 127.0.0.1:", b_.port()),
                            AllOn({a_.port()})));
  Open(Url());
  EXPECT_EQ(ValueAt(ReadNow({low_}), 0), absl::StrCat("b:", low_, "p"));
  const std::vector<Command> commands = b.WaitForCommands(3);
  EXPECT_EQ(commands[1].front(), "ASKING");
  EXPECT_EQ(commands[2].front(), "HMGET");
  ASSERT_TRUE(ReadNow({low_}).ok());
  EXPECT_EQ(a.Count("HMGET"), 2u);
  EXPECT_EQ(b.Count("ASKING"), 2u);
}

TEST_F(RedisClusterTest, NodesThatSendEachOtherOnInCirclesAreNotFollowedForEver) {
  FakeRedis b(&b_, Refusing(Moved(a_.port()), AllOn({a_.port()})));
  FakeRedis a(&a_, Refusing(Moved(b_.port()), AllOn({a_.port()})));
  Open(Url());
  const absl::Status status = ReadNow({low_}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("in circles"));
}

TEST_F(RedisClusterTest, ASlotThatNobodyServesIsNamed) {
  FakeRedis a(&a_, NodeNamed("a", ArrayOf({Range(0, kLastOfLower, {a_.port()})})));
  Open(absl::StrCat("redis://127.0.0.1:", a_.port(), "?mode=cluster"));
  EXPECT_TRUE(ReadNow({low_}).ok());
  const absl::Status status = ReadNow({high_}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("slot ", ClusterSlot(high_ + "p"))));
  const auto both = ReadNow({high_, low_});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_TRUE(both->views[0][0].unreadable);
  EXPECT_EQ(ValueAt(both, 1), absl::StrCat("a:", low_, "p"));
}

TEST_F(RedisClusterTest, ANodeThatDiesCostsItsKeysOnlyAndItsHeirIsFound) {
  FakeRedis a(&a_, NodeNamed("a", Halves()));
  {
    FakeRedis b(&b_, [this](const Command& command) -> Answer {
      if (command.front() == "HMGET") return {"*2\r\n$3\r\nb", /*hang_up=*/true};
      return NodeNamed("b", Halves())(command);
    });
    Open(Url());
    ASSERT_TRUE(ReadNow({low_}).ok());
    const auto upper = Start({high_});
    const auto both = Start({high_, low_});
    const auto lower = Start({low_});
    EXPECT_EQ(Finish(*upper).status().code(), absl::StatusCode::kUnavailable);
    const auto answer = Finish(*both);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->views[0][0].unreadable);
    EXPECT_FALSE(answer->views[0][0].present);
    EXPECT_EQ(ValueAt(answer, 1), absl::StrCat("a:", low_, "p"));
    EXPECT_EQ(ValueAt(Finish(*lower), 0), absl::StrCat("a:", low_, "p"));
  }
  a.ChangeScript(NodeNamed("a", AllOn({a_.port()})));
  call_.clock.Advance(std::chrono::milliseconds(100));
  EXPECT_EQ(ValueAt(ReadUntilItWorks({high_}), 0), absl::StrCat("a:", high_, "p"));
}

TEST_F(RedisClusterTest, ReplicasAreReadWhenThatIsAskedFor) {
  const std::string slots = AllOn({a_.port(), b_.port()});
  FakeRedis a(&a_, NodeNamed("a", slots));
  FakeRedis b(&b_, NodeNamed("b", slots));
  Open(Url());
  EXPECT_EQ(ValueAt(ReadNow({low_}), 0), absl::StrCat("a:", low_, "p"));
  EXPECT_EQ(b.Count("READONLY"), 0u);
  Open(Url("&replicas=true"));
  EXPECT_EQ(ValueAt(ReadNow({low_}), 0), absl::StrCat("b:", low_, "p"));
  EXPECT_EQ(b.Count("READONLY"), 1u);
}

TEST_F(RedisClusterTest, AReplicaThatIsDownOrNotReadyLeavesReadsToItsMaster) {
  const std::string slots = AllOn({a_.port(), b_.port()});
  FakeRedis a(&a_, NodeNamed("a", slots));
  Open(Url("&replicas=true"));
  // The first read finds out.
  EXPECT_EQ(ValueAt(ReadUntilItWorks({low_}), 0), absl::StrCat("a:", low_, "p"));

  FakeRedis b(&b_, Refusing("LOADING Redis is loading the dataset in memory", slots));
  call_.clock.Advance(std::chrono::seconds(2));
  while (b.Count("HMGET") == 0) {
    EXPECT_EQ(ValueAt(ReadNow({low_}), 0), absl::StrCat("a:", low_, "p"));
  }
}

TEST_F(RedisClusterTest, AClusterThatIsDownSaysSo) {
  FakeRedis a(&a_, Refusing("CLUSTERDOWN The cluster is down", AllOn({a_.port()})));
  Open(Url());
  const absl::Status status = ReadNow({low_}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("CLUSTERDOWN"));
}

TEST_F(RedisClusterTest, AServerThatIsNoClusterIsToldApart) {
  FakeRedis a(&a_, [](const Command&) -> Answer {
    return {"-ERR This instance has cluster support disabled\r\n"};
  });
  Open(absl::StrCat("redis://127.0.0.1:", a_.port(), "?mode=cluster"));
  EXPECT_THAT(std::string(ReadNow({low_}).status().message()),
              HasSubstr("cluster support disabled"));
}

}  // namespace
}  // namespace tournant
