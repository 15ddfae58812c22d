// The trace of a call, from its metadata to its spans and its record.

#include "rpc/call_tracing.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "fakes/kept_spans.h"
#include "pipeline/prediction_log_step.h"
#include "predictions/hashed_values.h"
#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kNotSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
constexpr char kRoot[] = "Recv.inference.GRPCInferenceService.ModelInfer";

class CallTracingTest : public ModelServerTest {
 protected:
  void StartTraced(double sampling = 0) {
    tracer_.set_sampling(sampling);
    ModelServer::Options options;
    options.service.tracer = &tracer_;
    StartServer(PuppetPool::Mode::kAtOnce, std::move(options));
  }
  using Headers = std::vector<std::pair<std::string, std::string>>;
  grpc::Status InferWith(const Headers& headers,
                         const inference::ModelInferRequest& request = EchoRequest()) {
    grpc::ClientContext context;
    for (const auto& [key, value] : headers) context.AddMetadata(key, value);
    inference::ModelInferResponse response;
    return stub_->ModelInfer(&context, request, &response);
  }

  KeptSpans sink_;
  Tracer tracer_{sink_, clock_, {.seed = 21}};
};

TEST_F(CallTracingTest, ACallWhoseCallerRecordsItIsASpanOfHisTrace) {
  StartTraced();
  ASSERT_TRUE(
      InferWith({{"traceparent", kSampled}, {"tracestate", "a=1"}, {"tracestate", "b=2"}}).ok());
  const Span call = sink_.WaitFor(kRoot);
  EXPECT_EQ(HexText(call.context.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(HexText(call.parent), "00f067aa0ba902b7");
  EXPECT_EQ(call.state, "a=1,b=2");
  EXPECT_EQ(AttributeOf(call, "request_id"), "call-1");
  EXPECT_EQ(AttributeOf(call, "model_name"), "echo");
  EXPECT_EQ(AttributeOf(call, "model_version"), "1");
  EXPECT_EQ(AttributeOf(call, "rpc.response.status_code"), "OK");
  EXPECT_FALSE(call.failed);
  EXPECT_EQ(sink_.WaitFor("compute").parent, call.context.span_id);
  EXPECT_EQ(records_.WaitForOne().traceparent, FormatTraceparent(call.context));
}

TEST_F(CallTracingTest, ACallWhoseCallerDoesNotRecordItIsNotRecordedAndKeepsHisTrace) {
  StartTraced(1);
  ASSERT_TRUE(InferWith({{"traceparent", kNotSampled}}).ok());
  EXPECT_EQ(records_.WaitForOne().traceparent, kNotSampled);
  EXPECT_THAT(sink_.spans(), IsEmpty());
}

TEST_F(CallTracingTest, ACallWithoutATraceBeginsOneWhenItIsSampled) {
  StartTraced(1);
  ASSERT_TRUE(InferWith({}).ok());
  const Span call = sink_.WaitFor(kRoot);
  EXPECT_EQ(call.parent, SpanId{});
  EXPECT_EQ(records_.WaitForOne().traceparent, FormatTraceparent(call.context));
}

TEST_F(CallTracingTest, ATraceparentThatIsMalformedOrSentTwiceCountsAsNotSent) {
  StartTraced(1);
  for (const Headers& headers : {Headers{{"traceparent", "00-xyz"}, {"tracestate", "a=1"}},
                                 Headers{{"traceparent", kSampled}, {"traceparent", kSampled}}}) {
    ASSERT_TRUE(InferWith(headers).ok());
    const std::string traceparent = records_.WaitForOne().traceparent;
    ASSERT_TRUE(ParseTraceparent(traceparent));
    EXPECT_EQ(traceparent.find("4bf92f3577b34da6a3ce929d0e0e4736"), std::string::npos);
  }
  for (const Span& span : sink_.spans()) EXPECT_EQ(span.state, "");
}

TEST_F(CallTracingTest, ACallThatIsRefusedIsASpanThatSaysSo) {
  StartTraced();
  inference::ModelInferRequest unknown = EchoRequest();
  unknown.set_model_name("nope");
  EXPECT_FALSE(InferWith({{"traceparent", kSampled}}, unknown).ok());
  const Span call = sink_.WaitFor(kRoot);
  EXPECT_TRUE(call.failed);
  EXPECT_EQ(AttributeOf(call, "rpc.response.status_code"), "NOT_FOUND");
  EXPECT_EQ(AttributeOf(call, "model_name"), "nope");
  EXPECT_EQ(call.error, "Request for unknown model: 'nope' is not found");
}

TEST_F(CallTracingTest, ACallWhoseModelHashesRequestIdsShowsTheHash) {
  auto version = MakeVersion("echo", 1, EchoModel());
  version->config.parameters["prediction_log.hash"] = "request_id";
  PredictionLogStep step({.has_log = true, .salt = "pepper"});
  ASSERT_TRUE(step.Prepare(*version).ok());
  registry_.Publish(version);
  StartTraced();
  inference::ModelInferRequest unreadable = EchoRequest("call-3");
  unreadable.mutable_inputs(0)->set_datatype("FP31");
  EXPECT_TRUE(InferWith({{"traceparent", kSampled}}, EchoRequest("call-1")).ok());
  EXPECT_FALSE(InferWith({{"traceparent", kSampled}}, EchoRequest("call-2", {1, 2, 3})).ok());
  EXPECT_FALSE(InferWith({{"traceparent", kSampled}}, unreadable).ok());
  std::vector<std::string> ids;
  for (const Span& span : sink_.WaitForAll(kRoot, 3)) {
    ids.push_back(AttributeOf(span, "request_id"));
  }
  EXPECT_THAT(ids,
              UnorderedElementsAre(HashedValue("pepper", "call-1"), HashedValue("pepper", "call-2"),
                                   HashedValue("pepper", "call-3")));
}

TEST_F(CallTracingTest, ARequestOnAStreamIsASpanOfTheStreamsTrace) {
  StartTraced();
  grpc::ClientContext context;
  context.AddMetadata("traceparent", kSampled);
  const auto stream = stub_->ModelStreamInfer(&context);
  ASSERT_TRUE(stream->Write(EchoRequest("on-stream")));
  stream->WritesDone();
  inference::ModelStreamInferResponse answer;
  while (stream->Read(&answer)) {
  }
  EXPECT_TRUE(stream->Finish().ok());
  const Span call = sink_.WaitFor("Recv.inference.GRPCInferenceService.ModelStreamInfer");
  EXPECT_EQ(HexText(call.parent), "00f067aa0ba902b7");
  EXPECT_EQ(AttributeOf(call, "request_id"), "on-stream");
}

TEST_F(CallTracingTest, WithoutATracerTheRecordStillHasTheCallersTrace) {
  StartServer();
  ASSERT_TRUE(InferWith({{"traceparent", kSampled}}).ok());
  EXPECT_EQ(records_.WaitForOne().traceparent, kSampled);
  ASSERT_TRUE(InferWith({}).ok());
  EXPECT_EQ(records_.WaitForOne().traceparent, "");
}

}  // namespace
}  // namespace tournant
