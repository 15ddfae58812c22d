#include "feature_store/call_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/status.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

TEST(CallLimit, RefusesTheCallThatIsOneTooMany) {
  CallLimit limit({.max_calls = 2, .max_bytes = 1000});
  CallLimit::Place first(limit);
  std::optional<CallLimit::Place> second(std::in_place, limit);
  EXPECT_TRUE(first.Admit(1).ok());
  EXPECT_TRUE(second->Admit(1).ok());
  {
    CallLimit::Place third(limit);
    const absl::Status refused = third.Admit(1);
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("2 calls"));
    EXPECT_GT(OverloadOf(refused)->retry_after.count(), 0);
    EXPECT_EQ(limit.refused_for_calls(), 1u);
    EXPECT_EQ(limit.refused_for_bytes(), 0u);
  }
  second.reset();
  CallLimit::Place fourth(limit);
  EXPECT_TRUE(fourth.Admit(1).ok());
}

TEST(CallLimit, CountsTheBytesOfRequestsAndOfAnswersUntilTheyAreSent) {
  CallLimit limit({.max_calls = 10, .max_bytes = 100});
  {
    CallLimit::Place first(limit);
    EXPECT_TRUE(first.Admit(40).ok());
    first.AddAnswer(50);
    CallLimit::Place second(limit);
    const absl::Status refused = second.Admit(11);
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("101 bytes, more than 100"));
    EXPECT_EQ(limit.refused_for_bytes(), 1u);
  }
  EXPECT_EQ(limit.bytes(), 0);
  EXPECT_EQ(limit.calls(), 0);
  CallLimit::Place third(limit);
  EXPECT_TRUE(third.Admit(100).ok());
}

}  // namespace
}  // namespace tournant
