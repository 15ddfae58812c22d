#include "feature_store/resp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

// A reply as one line of text: strings quoted, errors with '!', statuses with '+'.
std::string Show(const RespReply& reply, size_t* at) {
  const RespReply::Element& element = reply.elements()[(*at)++];
  switch (element.type) {
    case RespType::kString:
      return absl::StrCat("'", reply.Text(element), "'");
    case RespType::kStatus:
      return absl::StrCat("+", reply.Text(element));
    case RespType::kError:
      return absl::StrCat("!", reply.Text(element));
    case RespType::kInteger:
      return absl::StrCat(element.integer);
    case RespType::kNil:
      return "nil";
    case RespType::kArray: {
      std::string text = "[";
      for (size_t i = 0; i < element.size; ++i) {
        absl::StrAppend(&text, i > 0 ? " " : "", Show(reply, at));
      }
      return text + "]";
    }
  }
  return "?";
}

std::string Show(const RespReply& reply) {
  size_t at = 0;
  std::string text = Show(reply, &at);
  EXPECT_EQ(at, reply.elements().size());
  return text;
}

// All replies in `bytes`, fed in portions of `portion`.
std::vector<std::string> ReadAll(const std::string& bytes, size_t portion) {
  RespReader reader(1 << 20);
  std::vector<std::string> replies;
  for (size_t at = 0; at < bytes.size(); at += portion) {
    const std::string part = bytes.substr(at, portion);
    reader.Feed(part.data(), part.size());
    for (;;) {
      const RespReply* reply = nullptr;
      EXPECT_TRUE(reader.Next(&reply).ok());
      if (reply == nullptr) break;
      replies.push_back(Show(*reply));
    }
  }
  return replies;
}

TEST(Resp, CommandsAreArraysOfBulkStringsOfAnyBytes) {
  EXPECT_EQ(RespCommand({"GET", absl::string_view("a\0\r\n", 4)}),
            std::string("*2\r\n$3\r\nGET\r\n$4\r\na\0\r\n\r\n", 23));
  EXPECT_EQ(RespCommand({"SET", ""}), "*2\r\n$3\r\nSET\r\n$0\r\n\r\n");
}

TEST(Resp, RepliesOfEveryKindAreReadHoweverTheyAreCutIntoPieces) {
  const std::string bytes =
      "+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
      "*3\r\n$1\r\nx\r\n$-1\r\n*2\r\n:1\r\n*1\r\n+deep\r\n:9\r\n";
  const std::vector<std::string> expected = {
      "+OK", "!ERR no", "-7", "'a\r\n'", "''", "nil", "nil", "[]", "['x' nil [1 [+deep]]]", "9"};
  for (size_t portion = 1; portion <= bytes.size(); ++portion) {
    EXPECT_EQ(ReadAll(bytes, portion), expected) << portion;
  }
}

TEST(Resp, ManyLargeRepliesInOneBufferAreAllRead) {
  std::string bytes;
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    const std::string value(static_cast<size_t>(i) * 7 % 1500, static_cast<char>('a' + i % 26));
    absl::StrAppend(&bytes, "*2\r\n$", value.size(), "\r\n", value, "\r\n$-1\r\n");
    expected.push_back(absl::StrCat("['", value, "' nil]"));
  }
  EXPECT_EQ(ReadAll(bytes, bytes.size()), expected);
  EXPECT_EQ(ReadAll(bytes, 1000), expected);
}

TEST(Resp, BytesThatAreNoProtocolAreAnError) {
  RespReader reader(1 << 20);
  reader.Feed("HTTP/1.1 400\r\n", 14);
  const RespReply* reply = nullptr;
  const absl::Status read = reader.Next(&reply);
  EXPECT_EQ(read.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(read.message()), HasSubstr("Redis's protocol"));
  EXPECT_EQ(reply, nullptr);
}

TEST(Resp, AReplyThatOutgrowsItsBoundIsAnErrorBeforeItIsWhole) {
  RespReader reader(1000);
  reader.Feed("*2\r\n$5000\r\n", 11);
  const RespReply* reply = nullptr;
  EXPECT_TRUE(reader.Next(&reply).ok());
  const std::string part(1001, 'x');
  reader.Feed(part.data(), part.size());
  EXPECT_EQ(reader.Next(&reply).code(), absl::StatusCode::kUnavailable);
}

TEST(Resp, ErrorsAreToldApart) {
  EXPECT_EQ(RedisError("WRONGTYPE Operation against a key").code(),
            absl::StatusCode::kFailedPrecondition);
  for (const char* text : {"LOADING Redis is loading", "NOPERM no", "ERR \x01"}) {
    EXPECT_EQ(RedisError(text).code(), absl::StatusCode::kUnavailable) << text;
  }
  EXPECT_EQ(std::string(RedisError("ERR \x01").message()), "Redis: ERR \\001");
}

TEST(Resp, ACursorWalksNestedArraysAndSkipsWholeElements) {
  RespReader reader(1 << 20);
  const std::string bytes = "*4\r\n:5\r\n*2\r\n*1\r\n:1\r\n$1\r\nz\r\n$-1\r\n+up\r\n";
  reader.Feed(bytes.data(), bytes.size());
  const RespReply* reply = nullptr;
  ASSERT_TRUE(reader.Next(&reply).ok());
  RespCursor cursor(*reply);
  size_t size = 0;
  int64_t integer = 0;
  absl::string_view text;
  ASSERT_TRUE(cursor.Array(&size));
  EXPECT_EQ(size, 4u);
  ASSERT_TRUE(cursor.Integer(&integer));
  EXPECT_EQ(integer, 5);
  EXPECT_TRUE(cursor.Skip());
  ASSERT_TRUE(cursor.Text(&text));
  EXPECT_EQ(text, "");
  ASSERT_TRUE(cursor.Text(&text));
  EXPECT_EQ(text, "up");
  EXPECT_FALSE(cursor.Text(&text));
  EXPECT_FALSE(cursor.Skip());
  EXPECT_FALSE(RespCursor(*reply).Integer(&integer));
}

}  // namespace
}  // namespace tournant
