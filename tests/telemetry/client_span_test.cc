#include "telemetry/client_span.h"

#include <gmock/gmock.h>

#include "fakes/kept_spans.h"
#include "fakes/test_call.h"
#include "telemetry/tracer.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ClientSpanTest : public ::testing::Test {
 protected:
  TraceScope Recorded() { return {&tracer_, tracer_.NewTrace(), tracer_.NewTrace(), "a=b", {}}; }

  KeptSpans sink_;
  TestCall call_;
  Tracer tracer_{sink_, call_.clock, {.seed = 11}};
};

TEST_F(ClientSpanTest, IsBelowTheStepThatMadeItAndIsWhatTheOtherServerIsTold) {
  const TraceScope scope = Recorded();
  call_.context.trace = &scope;
  ClientSpan span(call_.context, "/feast.serving.ServingService/GetOnlineFeatures");
  const WallTime started = call_.clock.WallNow();
  call_.clock.Advance(milliseconds(4));
  span.End(absl::StatusCode::kOk, 3);
  ASSERT_THAT(sink_.names(), ElementsAre("Sent.feast.serving.ServingService.GetOnlineFeatures"));
  const Span sent = sink_.spans().front();
  EXPECT_EQ(sent.kind, SpanKind::kClient);
  EXPECT_EQ(sent.parent, scope.parent.span_id);
  EXPECT_EQ(sent.context.trace_id, scope.parent.trace_id);
  EXPECT_EQ(span.traceparent(), FormatTraceparent(sent.context));
  EXPECT_EQ(span.tracestate(), "a=b");
  EXPECT_EQ(sent.start, started);
  EXPECT_EQ(sent.end, started + milliseconds(4));
  EXPECT_EQ(AttributeOf(sent, "rows"), "3");
  EXPECT_EQ(AttributeOf(sent, "rpc.response.status_code"), "OK");
  EXPECT_FALSE(sent.failed);
}

TEST_F(ClientSpanTest, SaysThatTheCallFailed) {
  const TraceScope scope = Recorded();
  call_.context.trace = &scope;
  ClientSpan(call_.context, "/s/m").End(absl::StatusCode::kUnavailable, 1);
  EXPECT_TRUE(sink_.spans().front().failed);
  EXPECT_EQ(AttributeOf(sink_.spans().front(), "rpc.response.status_code"), "UNAVAILABLE");
}

TEST_F(ClientSpanTest, PassesOnWhatIsNotRecordedAsItCame) {
  TraceScope scope;
  scope.parent = *ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  call_.context.trace = &scope;
  ClientSpan span(call_.context, "/s/m");
  EXPECT_EQ(span.traceparent(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  span.End(absl::StatusCode::kOk, 1);
  EXPECT_THAT(sink_.spans(), IsEmpty());
}

TEST_F(ClientSpanTest, SharedByCallsItHangsOnTheFirstThatIsRecordedAndLinksToTheOthers) {
  TraceScope passed_on;
  passed_on.parent = tracer_.NewTrace();
  const TraceScope first = Recorded();
  const TraceScope second = Recorded();
  std::optional<TraceScope> shared;
  for (const TraceScope* trace : {static_cast<const TraceScope*>(nullptr),
                                  static_cast<const TraceScope*>(&passed_on), &first, &second}) {
    ShareTrace(trace, shared);
  }
  ASSERT_TRUE(shared);
  call_.context.trace = &*shared;
  ClientSpan(call_.context, "/s/m").End(absl::StatusCode::kOk, 1);
  EXPECT_EQ(sink_.spans().front().parent, first.parent.span_id);
  EXPECT_THAT(sink_.spans().front().links, ElementsAre(second.parent));
}

}  // namespace
}  // namespace tournant
