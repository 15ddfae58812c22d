#include "base/status.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

TEST(Status, CarriesTheFieldThatIsWrong) {
  const absl::Status status = InvalidField("inputs[2].shape[1]", "must be 4");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "must be 4");
  EXPECT_EQ(FieldOf(status), "inputs[2].shape[1]");
}

TEST(Status, QuotesTheKeyOfAnEntryThatIsWrong) {
  const absl::Status status = InvalidEntry("parameters", "a\nb", "is not known");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "is not known");
  EXPECT_EQ(FieldOf(status), "parameters[a\\nb]");
}

TEST(Status, HasNoFieldUnlessItWasGivenOne) {
  EXPECT_EQ(FieldOf(absl::InvalidArgumentError("x")), "");
  EXPECT_EQ(FieldOf(absl::OkStatus()), "");
}

TEST(Status, CarriesWhyAndForHowLongThereIsNoRoom) {
  const absl::Status status =
      Overloaded("QUEUE_FULL", std::chrono::milliseconds(250), "the queue is full");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  const auto info = OverloadOf(status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason, "QUEUE_FULL");
  EXPECT_EQ(info->retry_after, std::chrono::milliseconds(250));
}

TEST(Status, IsNoOverloadWithoutThosePayloads) {
  EXPECT_FALSE(OverloadOf(absl::ResourceExhaustedError("x")).has_value());
  EXPECT_FALSE(OverloadOf(absl::OkStatus()).has_value());
}

TEST(Quote, EscapesControlCharactersAndForeignBytes) {
  EXPECT_EQ(Quote("plain text"), "plain text");
  EXPECT_EQ(Quote("a\nb\x01"), "a\\nb\\001");
  EXPECT_EQ(Quote(absl::string_view("\0", 1)), "\\000");
  EXPECT_EQ(Quote("\xc3\xa9"), "\\303\\251");
}

TEST(Quote, CutsLongText) {
  EXPECT_EQ(Quote("abcdef", 3), "abc...");
  EXPECT_EQ(Quote("abc", 3), "abc");
}

TEST(Annotate, KeepsCodeAndPayloads) {
  const absl::Status status = Annotate(InvalidField("id", "too long"), "model 'm'");
  EXPECT_EQ(status.message(), "model 'm': too long");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), "id");
}

TEST(Annotate, LeavesOkAlone) { EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok()); }

TEST(JoinErrors, SaysEverythingWithTheFirstCode) {
  const absl::Status joined =
      JoinErrors({absl::NotFoundError("a"), absl::InvalidArgumentError("b")});
  EXPECT_EQ(joined.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(joined.message(), "a\nb");
}

TEST(JoinErrors, IsOkWithoutErrors) { EXPECT_TRUE(JoinErrors({}).ok()); }

}  // namespace
}  // namespace tournant
