#include "telemetry/caller_trace.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(CallerTrace, IsWhatTheHeadersSay) {
  const CallerTrace caller = ReadCallerTrace({kParent}, {"a=1", "b=2"});
  ASSERT_TRUE(caller.context);
  EXPECT_EQ(FormatTraceparent(*caller.context), kParent);
  EXPECT_EQ(caller.state, "a=1,b=2");
}

TEST(CallerTrace, IsNoneWhenItIsMissingMalformedOrSentTwice) {
  EXPECT_FALSE(ReadCallerTrace({}, {}).context);
  EXPECT_FALSE(ReadCallerTrace({"00-xyz"}, {}).context);
  EXPECT_FALSE(ReadCallerTrace({kParent, kParent}, {}).context);
  EXPECT_EQ(ReadCallerTrace({"00-xyz"}, {"a=1"}).state, "") << "a state of no trace";
  EXPECT_EQ(ReadCallerTrace({kParent}, {"no state"}).state, "");
}

}  // namespace
}  // namespace tournant
