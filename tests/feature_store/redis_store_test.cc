#include "feature_store/redis_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "feature_store/redis_store_test.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Command = FakeRedis::Command;
using Answer = FakeRedis::Answer;

// Every key has itself as its value.
Answer Echo(const Command& command) {
  return {ArrayOf({Bulk(command.at(1)), Bulk(std::string("\x08\x64", 2))})};
}

TEST_F(RedisStoreTest, ReadsEveryKeyInOneCommandEach) {
  FakeRedis redis(Echo);
  Open(redis.address());
  const auto rows = ReadNow({"a", "b"});
  EXPECT_EQ(ValueAt(rows, 0), "ap");
  EXPECT_EQ(ValueAt(rows, 1), "bp");
  EXPECT_EQ(rows->views[0][1].event_seconds, 100);
  EXPECT_EQ(redis.Count("HMGET"), 2u);
}

TEST_F(RedisStoreTest, ManyReadsShareOneConnectionAndAllComeBackInOrder) {
  FakeRedis redis(Echo);
  Open(redis.address());
  std::vector<std::unique_ptr<Reading>> readings;
  for (int i = 0; i < 300; ++i) readings.push_back(Start({absl::StrCat(i), absl::StrCat(i, "x")}));
  for (int i = 0; i < 300; ++i) {
    const auto rows = Finish(*readings[static_cast<size_t>(i)]);
    EXPECT_EQ(ValueAt(rows, 0), absl::StrCat(i, "p"));
    EXPECT_EQ(ValueAt(rows, 1), absl::StrCat(i, "xp"));
  }
  EXPECT_EQ(redis.Count("PING"), 1u);  // one greeting, so one connection
}

TEST_F(RedisStoreTest, AReadWithoutKeysIsAnsweredWithoutAskingAnybody) {
  FakeRedis redis(Echo);
  Open(redis.address());
  const auto rows = ReadNow({});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE(rows->views.at(0).empty());
  EXPECT_EQ(redis.Count("HMGET"), 0u);
}

TEST_F(RedisStoreTest, LogsInAndChoosesTheDatabaseBeforeTheFirstRead) {
  FakeRedis redis([](const Command& command) {
    return command.front() == "HMGET" ? Echo(command) : Answer{"+OK\r\n"};
  });
  Open(absl::StrCat("redis://me:word@127.0.0.1:", redis.port(), "/7"));
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "kp");
  const std::vector<Command> commands = redis.WaitForCommands(4);
  EXPECT_THAT(commands[0], ElementsAre("AUTH", "me", "word"));
  EXPECT_THAT(commands[1], ElementsAre("SELECT", "7"));
  EXPECT_THAT(commands[2], ElementsAre("PING"));
  EXPECT_EQ(commands[3].front(), "HMGET");
}

TEST_F(RedisStoreTest, APasswordAloneIsOfTheDefaultUser) {
  FakeRedis redis([](const Command& command) {
    return command.front() == "HMGET" ? Echo(command) : Answer{"+OK\r\n"};
  });
  Open(absl::StrCat("redis://:word@127.0.0.1:", redis.port()));
  ASSERT_TRUE(ReadNow({"k"}).ok());
  EXPECT_THAT(redis.WaitForCommands(1)[0], ElementsAre("AUTH", "word"));
}

TEST_F(RedisStoreTest, ALoginThatIsRefusedFailsReadsWithTheReasonAndSendsNone) {
  FakeRedis redis([](const Command& command) {
    return command.front() == "HMGET" ? Echo(command)
                                      : Answer{"-WRONGPASS invalid username-password pair\r\n"};
  });
  Open(absl::StrCat("redis://me:bad@127.0.0.1:", redis.port()));
  const absl::Status status = ReadNow({"k"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("AUTH was refused: WRONGPASS"));
  EXPECT_EQ(redis.Count("HMGET"), 0u);
}

TEST_F(RedisStoreTest, ADatabaseThatIsNotThereIsNotReadAsAnother) {
  FakeRedis redis([](const Command& command) {
    return command.front() == "HMGET" ? Echo(command) : Answer{"-ERR DB index is out of range\r\n"};
  });
  Open(absl::StrCat("redis://127.0.0.1:", redis.port(), "/99"));
  EXPECT_THAT(std::string(ReadNow({"k"}).status().message()), HasSubstr("SELECT was refused"));
  EXPECT_EQ(redis.Count("HMGET"), 0u);
}

TEST_F(RedisStoreTest, ANodeThatDiesInTheMiddleOfAReplyCostsItsReadsOnly) {
  FakeRedis redis([](const Command& command) {
    if (command.at(1) == "badp") return Answer{"*2\r\n$5\r\nhal", /*hang_up=*/true};
    return Echo(command);
  });
  Open(redis.address());
  EXPECT_EQ(ValueAt(ReadNow({"good"}), 0), "goodp");
  const absl::Status died = ReadNow({"bad"}).status();
  EXPECT_EQ(died.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(died.message()), HasSubstr(absl::StrCat("127.0.0.1:", redis.port())));
  // A connection that had been of use is made again at once, and reads wait for it.
  EXPECT_EQ(ValueAt(ReadNow({"good"}), 0), "goodp");
}

TEST_F(RedisStoreTest, AnIdleConnectionThatIsLostIsMadeAgainUnnoticed) {
  FakeRedis redis(Echo);
  Open(redis.address());
  EXPECT_TRUE(ReadNow({"k"}).ok());
  redis.HangUp();
  redis.WaitFor("PING", 2);
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "kp");
}

TEST_F(RedisStoreTest, BytesThatAreNoReplyEndTheConnectionNotTheStore) {
  FakeRedis redis([](const Command& command) {
    if (command.at(1) == "badp") return Answer{"what?\r\n"};
    return Echo(command);
  });
  Open(redis.address());
  ASSERT_TRUE(ReadNow({"k"}).ok());
  const absl::Status status = ReadNow({"bad"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("protocol"));
  EXPECT_TRUE(ReadNow({"k"}).ok());
}

TEST_F(RedisStoreTest, AReplyOfAnotherShapeFailsThatReadAlone) {
  FakeRedis redis([](const Command& command) {
    if (command.at(1) == "badp") return Answer{"*1\r\n$1\r\nx\r\n"};
    if (command.at(1) == "stringp") return Answer{"-WRONGTYPE Operation against a key\r\n"};
    return Echo(command);
  });
  Open(redis.address());
  const auto bad = Start({"bad"});
  const auto type = Start({"string"});
  const auto good = Start({"good"});
  EXPECT_EQ(Finish(*bad).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Finish(*type).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ValueAt(Finish(*good), 0), "goodp");
  EXPECT_EQ(redis.Count("PING"), 1u);
}

TEST_F(RedisStoreTest, ANodeOfAClusterIsToldFromALoneServer) {
  FakeRedis redis([](const Command&) { return Answer{"-MOVED 1 127.0.0.1:1\r\n"}; });
  Open(redis.address());
  const absl::Status status = ReadNow({"k"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("mode=cluster"));
}

TEST_F(RedisStoreTest, ASlowNodeIsWaitedForAndCostsACallNoMoreThanItsDeadline) {
  FakeRedis redis(
      [](const Command& command) { return command.at(1) == "slowp" ? Answer{} : Echo(command); });
  Open(redis.address());
  call_.context.deadline = call_.clock.Now() + std::chrono::milliseconds(500);
  const auto slow = Start({"slow"});
  redis.WaitFor("HMGET", 1);
  EXPECT_FALSE(slow->done());
  call_.loop.Advance(std::chrono::milliseconds(500));
  ASSERT_TRUE(slow->done());
  EXPECT_EQ(slow->result->status().code(), absl::StatusCode::kDeadlineExceeded);

  // The answer comes all the same, is told from that of the next read, and is dropped.
  call_.context.deadline += std::chrono::hours(1);
  redis.Say(Row("late"));
  EXPECT_EQ(ValueAt(ReadNow({"next"}), 0), "nextp");
}

TEST_F(RedisStoreTest, ACallersCancelEndsTheWaitAtOnceAndTheStoreNeedsNoReplyToEnd) {
  FakeRedis redis([](const Command&) { return Answer{}; });
  Open(redis.address());
  const auto reading = Start({"k"});
  redis.WaitFor("HMGET", 1);
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(reading->done());
  EXPECT_EQ(reading->result->status().code(), absl::StatusCode::kCancelled);
  store_.reset();
}

TEST_F(RedisStoreTest, ANodeThatNeverAnswersIsGivenUpAndTriedAgain) {
  FakeRedis redis([](const Command&) { return Answer{}; });
  RedisStore::Options options = At(redis.address());
  options.router.connection.reply_timeout = std::chrono::milliseconds(100);
  Open(options);
  call_.context.deadline += std::chrono::hours(1);
  const auto reading = Start({"k"});
  redis.WaitFor("HMGET", 1);
  call_.clock.Advance(std::chrono::milliseconds(100));
  const absl::Status status = Finish(*reading).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no reply within 100 ms"));
  redis.ChangeScript(Echo);
  call_.clock.Advance(std::chrono::seconds(2));
  EXPECT_EQ(ValueAt(ReadUntilItWorks({"k"}), 0), "kp");
}

TEST_F(RedisStoreTest, AnIdleConnectionIsPingedAndDroppedWhenThatIsNotAnswered) {
  FakeRedis redis(Echo);
  RedisStore::Options options = At(redis.address());
  options.router.connection.ping_interval = std::chrono::milliseconds(20);
  options.router.connection.reply_timeout = std::chrono::milliseconds(100);
  Open(options);
  ASSERT_TRUE(ReadNow({"k"}).ok());
  call_.clock.Advance(std::chrono::milliseconds(20));
  redis.WaitFor("PING", 2);
  EXPECT_TRUE(ReadNow({"k"}).ok());
  redis.AnswerPings(false);
  call_.clock.Advance(std::chrono::milliseconds(20));
  redis.WaitFor("PING", 3);
  redis.AnswerPings(true);
  call_.clock.Advance(options.router.connection.reply_timeout);
  redis.WaitFor("PING", 4);  // the greeting of the next connection
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "kp");
}

TEST_F(RedisStoreTest, AServerThatIsDownFailsReadsAtOnceUntilItIsBack) {
  const PortLease lease;
  Open(absl::StrCat("redis://127.0.0.1:", lease.port()));
  const absl::Status down = ReadNow({"k"}).status();
  EXPECT_EQ(down.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(down.message()), HasSubstr("Connection refused"));
  // No attempt is made before the back-off has passed: time stands still.
  FakeRedis redis(&lease, Echo);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(ReadNow({"k"}).ok());
  EXPECT_EQ(redis.Count("PING"), 0u);
  call_.clock.Advance(std::chrono::milliseconds(50));
  EXPECT_EQ(ValueAt(ReadUntilItWorks({"k"}), 0), "kp");
}

TEST_F(RedisStoreTest, AHostWithoutAnAddressIsNamed) {
  Open("redis://no-such-host.invalid");
  call_.context.deadline += std::chrono::hours(1);
  const absl::Status status = ReadNow({"k"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no-such-host.invalid"));
}

TEST_F(RedisStoreTest, AHostNameIsLookedUpAndItsAddressesAreTriedInTurn) {
  FakeRedis redis(Echo);  // on 127.0.0.1 only, while localhost may be ::1 as well
  Open(absl::StrCat("redis://localhost:", redis.port()));
  EXPECT_EQ(ValueAt(ReadNow({"k"}), 0), "kp");
}

TEST_F(RedisStoreTest, TooManyReadsAreRefusedUntilOthersAreAnswered) {
  FakeRedis redis([](const Command&) { return Answer{}; });
  RedisStore::Options options = At(redis.address());
  options.max_reads = 2;
  Open(options);
  std::vector<std::unique_ptr<Reading>> readings;
  for (int i = 0; i < 3; ++i) readings.push_back(Start({"k"}));
  ASSERT_TRUE(readings[2]->done());
  const absl::Status status = readings[2]->result->status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(OverloadOf(status)->reason, "FEATURE_STORE_QUEUE_FULL");

  redis.WaitFor("HMGET", 2);
  redis.Say(Row("1") + Row("2"));
  EXPECT_TRUE(Finish(*readings[0]).ok());
  EXPECT_TRUE(Finish(*readings[1]).ok());
  redis.ChangeScript(Echo);
  // The I/O thread may still be holding the last of them.
  EXPECT_TRUE(ReadUntilItWorks({"k"}).ok());
}

TEST_F(RedisStoreTest, ABoundOnTheAnswerKeepsMemoryInLimits) {
  FakeRedis redis(Echo);
  RedisStore::Options options = At(redis.address());
  options.max_answer_bytes = 10;
  Open(options);
  EXPECT_TRUE(ReadNow({"1234", "4321"}).ok());
  EXPECT_EQ(ReadNow({"1234", "12345", "1"}).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(RedisStoreTest, CommandsAndRepliesLargerThanAnySocketBufferGoThroughInPieces) {
  FakeRedis redis(Echo);
  Open(redis.address());
  const std::string large(8 << 20, 'x');
  const auto first = Start({large});
  const auto second = Start({"k"});
  EXPECT_EQ(ValueAt(Finish(*first), 0), large + "p");
  EXPECT_EQ(ValueAt(Finish(*second), 0), "kp");
}

}  // namespace
}  // namespace tournant
