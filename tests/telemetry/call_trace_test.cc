#include "telemetry/call_trace.h"

#include <gmock/gmock.h>

#include "fakes/kept_spans.h"
#include "fakes/manual_clock.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CallTraceTest : public ::testing::Test {
 protected:
  std::unique_ptr<CallTrace> Start(bool sampled = true) {
    return CallTrace::Start(
        &tracer_,
        ParseTraceparent(sampled ? "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
                                 : "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
        "vendor=x");
  }
  Span Named(const std::string& name) { return sink_.WaitFor(name); }

  KeptSpans sink_;
  ManualClock clock_;
  Tracer tracer_{sink_, clock_, {.sampling = 0, .seed = 3}};
  CallTrace::Summary summary_{.method = "inference.GRPCInferenceService/ModelInfer",
                              .request_id = "r-1",
                              .model = "iris",
                              .version = 4,
                              .code = "OK"};
};

TEST_F(CallTraceTest, IsNothingForACallWithoutATraceThatIsNotSampled) {
  EXPECT_EQ(CallTrace::Start(&tracer_, std::nullopt, ""), nullptr);
  EXPECT_EQ(CallTrace::Start(nullptr, std::nullopt, ""), nullptr);
}

TEST_F(CallTraceTest, GivesTheStepsOfTheCallAsSpansBelowItsOwnOneAfterTheOther) {
  const auto trace = Start();
  ASSERT_NE(trace, nullptr);
  CallPhase phase(clock_, nullptr);
  const WallTime accepted = clock_.WallNow();
  clock_.Advance(milliseconds(1));
  phase.Enter(Phase::kValidating);
  clock_.Advance(milliseconds(2));
  phase.Enter(Phase::kAwaitingFeatures);
  clock_.Advance(milliseconds(10));
  phase.Enter(Phase::kQueued);
  clock_.Advance(milliseconds(4));
  phase.Enter(Phase::kComputing);
  clock_.Advance(milliseconds(5));
  phase.Enter(Phase::kResponding);
  clock_.Advance(milliseconds(1));
  phase.Enter(Phase::kDone);
  trace->End(phase, clock_.Now(), summary_);

  const std::string root = "Recv.inference.GRPCInferenceService.ModelInfer";
  EXPECT_THAT(sink_.names(),
              ElementsAre(root, "admission", "features", "queue", "compute", "respond"));
  const Span call = Named(root);
  EXPECT_EQ(HexText(call.context.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(HexText(call.parent), "00f067aa0ba902b7");
  EXPECT_EQ(call.kind, SpanKind::kServer);
  EXPECT_EQ(call.state, "vendor=x");
  EXPECT_EQ(call.start, accepted);
  EXPECT_EQ(call.end, accepted + milliseconds(23));
  EXPECT_EQ(AttributeOf(call, "request_id"), "r-1");
  EXPECT_EQ(AttributeOf(call, "model_name"), "iris");
  EXPECT_EQ(AttributeOf(call, "model_version"), "4");
  EXPECT_EQ(AttributeOf(call, "rpc.method"), "inference.GRPCInferenceService/ModelInfer");
  EXPECT_EQ(AttributeOf(call, "rpc.response.status_code"), "OK");
  EXPECT_FALSE(call.failed);

  WallTime at = accepted;
  for (const auto& [name, length] :
       {std::pair("admission", 3), std::pair("features", 10), std::pair("queue", 4),
        std::pair("compute", 5), std::pair("respond", 1)}) {
    const Span step = Named(name);
    EXPECT_EQ(step.parent, call.context.span_id) << name;
    EXPECT_EQ(step.context.trace_id, call.context.trace_id) << name;
    EXPECT_EQ(step.start, at) << name;
    at += milliseconds(length);
    EXPECT_EQ(step.end, at) << name;
  }
}

TEST_F(CallTraceTest, LeavesOutStepsThatTheCallNeverCameToAndSaysWhyItFailed) {
  const auto trace = Start();
  CallPhase phase(clock_, nullptr);
  phase.Enter(Phase::kValidating);
  phase.Enter(Phase::kResponding);
  phase.Enter(Phase::kFailed);
  summary_.code = "NOT_FOUND";
  summary_.failed = true;
  summary_.error = "no such model";
  summary_.version = 0;
  trace->End(phase, clock_.Now(), summary_);
  const std::string root = "Recv.inference.GRPCInferenceService.ModelInfer";
  EXPECT_THAT(sink_.names(), ElementsAre(root, "admission", "respond"));
  EXPECT_TRUE(Named(root).failed);
  EXPECT_EQ(Named(root).error, "no such model");
  EXPECT_EQ(AttributeOf(Named(root), "model_version"), "");
}

TEST_F(CallTraceTest, HangsFetchesOnTheFeaturesStepAndLinksTheComputeStepToItsBatch) {
  const auto trace = Start();
  ASSERT_TRUE(trace->scope().recorded());
  CallPhase phase(clock_, nullptr);
  phase.Enter(Phase::kAwaitingFeatures);
  phase.Enter(Phase::kComputing);
  phase.Enter(Phase::kDone);
  const TraceContext batch = tracer_.NewTrace();
  summary_.batch = batch;
  trace->End(phase, clock_.Now(), summary_);
  EXPECT_EQ(Named("features").context, trace->scope().parent);
  EXPECT_EQ(Named("compute").context, trace->scope().compute);
  EXPECT_THAT(Named("compute").links, ElementsAre(batch));
}

TEST_F(CallTraceTest, PassesOnWhatIsNotRecordedAsItCame) {
  const auto trace = Start(false);
  ASSERT_NE(trace, nullptr);
  EXPECT_FALSE(trace->scope().recorded());
  EXPECT_EQ(FormatTraceparent(trace->scope().parent),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  EXPECT_EQ(FormatTraceparent(trace->context()), FormatTraceparent(trace->scope().parent));
  EXPECT_EQ(trace->scope().state, "vendor=x");
  CallPhase phase(clock_, nullptr);
  phase.Enter(Phase::kDone);
  trace->End(phase, clock_.Now(), summary_);
  EXPECT_THAT(sink_.spans(), IsEmpty());
}

TEST_F(CallTraceTest, CutsWhatACallerMayMakeAsLongAsHeLikes) {
  const auto trace = Start();
  CallPhase phase(clock_, nullptr);
  phase.Enter(Phase::kFailed);
  const std::string long_text(100000, 'x');
  summary_.request_id = long_text;
  summary_.model = long_text;
  summary_.failed = true;
  summary_.error = long_text;
  trace->End(phase, clock_.Now(), summary_);
  const Span call = sink_.spans().front();
  EXPECT_LE(AttributeOf(call, "request_id").size(), 256u);
  EXPECT_LE(AttributeOf(call, "model_name").size(), 256u);
  EXPECT_LE(call.error.size(), 256u);
}

}  // namespace
}  // namespace tournant
