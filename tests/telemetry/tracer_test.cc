#include "telemetry/tracer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "fakes/kept_spans.h"
#include "fakes/manual_clock.h"

namespace tournant {
namespace {

class TracerTest : public ::testing::Test {
 protected:
  static TraceContext Caller(bool sampled) {
    TraceContext context;
    context.trace_id.fill(7);
    context.span_id.fill(8);
    context.sampled = sampled;
    return context;
  }

  KeptSpans sink_;
  ManualClock clock_;
};

TEST_F(TracerTest, RecordsACallInTheTraceOfACallerWhoRecordsIt) {
  Tracer tracer(sink_, clock_, {.sampling = 0, .seed = 1});
  const auto context = tracer.Sample(Caller(true));
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, Caller(true).trace_id);
  EXPECT_NE(context->span_id, Caller(true).span_id);
  EXPECT_TRUE(context->sampled);
}

TEST_F(TracerTest, RecordsNothingForACallerWhoDoesNotWhateverTheSampling) {
  Tracer tracer(sink_, clock_, {.sampling = 1, .seed = 1});
  EXPECT_FALSE(tracer.Sample(Caller(false)));
}

TEST_F(TracerTest, RecordsNoneOrAllOfTheCallsWithoutATrace) {
  Tracer tracer(sink_, clock_, {.sampling = 0, .seed = 1});
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(tracer.Sample(std::nullopt));
  tracer.set_sampling(1);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(tracer.Sample(std::nullopt));
}

TEST_F(TracerTest, RecordsTheShareThatWasAskedForOfTheCallsWithoutATrace) {
  Tracer tracer(sink_, clock_, {.sampling = 0.25, .seed = 5});
  int recorded = 0;
  constexpr int kCalls = 20000;
  for (int i = 0; i < kCalls; ++i) recorded += tracer.Sample(std::nullopt) ? 1 : 0;
  // Five standard deviations.
  EXPECT_NEAR(recorded, kCalls * 0.25, 5 * std::sqrt(kCalls * 0.25 * 0.75));
}

TEST_F(TracerTest, ChoosesByTheTraceIdSoThatOthersChooseTheSame) {
  Tracer tracer(sink_, clock_, {.sampling = 0.5, .seed = 5});
  for (int i = 0; i < 1000; ++i) {
    const auto context = tracer.Sample(std::nullopt);
    // The upper half of the last seven bytes.
    if (context) EXPECT_GE(context->trace_id[9], 0x80);
  }
}

TEST_F(TracerTest, GivesEveryIdOnce) {
  Tracer tracer(sink_, clock_, {.sampling = 1, .seed = 5});
  std::set<TraceId> traces;
  std::set<SpanId> spans;
  for (int i = 0; i < 1000; ++i) {
    const TraceContext context = tracer.NewTrace();
    traces.insert(context.trace_id);
    spans.insert(context.span_id);
    spans.insert(tracer.NewSpanId());
  }
  EXPECT_EQ(traces.size(), 1000u);
  EXPECT_EQ(spans.size(), 2000u);
}

TEST_F(TracerTest, TellsTheTimeOfDayOfAMomentThatHasPassed) {
  Tracer tracer(sink_, clock_, {});
  const TimePoint then = clock_.Now();
  const WallTime wall = clock_.WallNow();
  clock_.Advance(std::chrono::seconds(3));
  EXPECT_EQ(tracer.WallAt(then), wall);
}

}  // namespace
}  // namespace tournant
