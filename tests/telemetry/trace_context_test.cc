#include "telemetry/trace_context.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

constexpr char kExample[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, ReadsATraceparentAndWritesTheSame) {
  const auto context = ParseTraceparent(kExample);
  ASSERT_TRUE(context);
  EXPECT_EQ(HexText(context->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(HexText(context->span_id), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled);
  EXPECT_FALSE(context->random);
  EXPECT_EQ(FormatTraceparent(*context), kExample);
}

TEST(TraceContext, PassesOnOnlyTheFlagsThatItKnows) {
  const auto context = ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe");
  ASSERT_TRUE(context);
  EXPECT_FALSE(context->sampled);
  EXPECT_EQ(FormatTraceparent(*context), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02");
}

TEST(TraceContext, TakesLaterVersionsWithMoreBehindADash) {
  const std::string later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_TRUE(ParseTraceparent(later));
  EXPECT_TRUE(ParseTraceparent(later + "-what-comes"));
  EXPECT_FALSE(ParseTraceparent(later + "."));
  EXPECT_EQ(FormatTraceparent(*ParseTraceparent(later)), kExample);
}

TEST(TraceContext, RefusesWhatTheStandardDoes) {
  for (const char* wrong : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
           " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
           "00-4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7--01",
           "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
       }) {
    EXPECT_FALSE(ParseTraceparent(wrong)) << wrong;
  }
}

TEST(TraceContext, TellsATracestateThatMayBePassedOn) {
  EXPECT_TRUE(IsTracestate("vendor=value"));
  EXPECT_FALSE(IsTracestate("_a=1"));
  EXPECT_TRUE(IsTracestate("a=1,\ttenant@system=x!y,,0b/*-_=;"));
  EXPECT_FALSE(IsTracestate(""));
  EXPECT_FALSE(IsTracestate(","));
  EXPECT_FALSE(IsTracestate("a"));
  EXPECT_FALSE(IsTracestate("a="));
  EXPECT_FALSE(IsTracestate("A=1"));
  EXPECT_FALSE(IsTracestate("a=1=2"));
  EXPECT_FALSE(IsTracestate("a=\x01"));
  EXPECT_FALSE(IsTracestate("a=\xc3\xa4"));
}

TEST(TraceContext, PassesOnThirtyTwoMembersAndNoMoreThan512Bytes) {
  std::string members = "k0=v";
  for (int i = 1; i < 32; ++i) absl::StrAppend(&members, ",k", i, "=v");
  EXPECT_TRUE(IsTracestate(members));
  EXPECT_FALSE(IsTracestate(members + ",more=v"));
  const std::string half = "a=" + std::string(253, 'x');
  EXPECT_TRUE(IsTracestate(half + ",b=" + std::string(253, 'x')));
  EXPECT_FALSE(IsTracestate(half + ",b=" + std::string(255, 'x')));
}

}  // namespace
}  // namespace tournant
