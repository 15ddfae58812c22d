#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "rpc/model_server_test.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelStreamInferResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StreamCallTest : public ModelServerTest {
 protected:
  using Stream = grpc::ClientReaderWriter<ModelInferRequest, ModelStreamInferResponse>;

  std::unique_ptr<Stream> Open(grpc::ClientContext& context) {
    return stub_->ModelStreamInfer(&context);
  }
  static ModelStreamInferResponse ReadOne(Stream& stream) {
    ModelStreamInferResponse answer;
    EXPECT_TRUE(stream.Read(&answer)) << "the stream has ended";
    return answer;
  }
  static void ExpectEnd(Stream& stream, grpc::StatusCode code, const std::string& message = "") {
    ModelStreamInferResponse answer;
    EXPECT_FALSE(stream.Read(&answer)) << answer.ShortDebugString();
    const grpc::Status status = stream.Finish();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(message));
  }
};

TEST_F(StreamCallTest, AnswersManyRequestsInFlightAsTheyAreDone) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(EchoRequest("a", {1, 1, 1, 1})));
  ASSERT_TRUE(stream->Write(EchoRequest("b", {2, 2, 2, 2})));
  pool_->WaitForJobs(2);
  pool_->RunNewest();
  const ModelStreamInferResponse first = ReadOne(*stream);
  EXPECT_EQ(first.error_message(), "");
  EXPECT_EQ(first.infer_response().id(), "b");
  EXPECT_EQ(first.infer_response().model_name(), "echo");
  EXPECT_THAT(first.infer_response().raw_output_contents(), ElementsAre(Floats({2, 2, 2, 2})));
  pool_->RunNewest();
  EXPECT_EQ(ReadOne(*stream).infer_response().id(), "a");
  stream->WritesDone();
  ExpectEnd(*stream, grpc::StatusCode::OK);
}

TEST_F(StreamCallTest, KeepsTheOrderOfRequestsThatHaveNoIdToTellThemApart) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(EchoRequest("", {1, 1, 1, 1})));
  pool_->WaitForJobs(1);
  ASSERT_TRUE(stream->Write(EchoRequest("", {2, 2, 2, 2})));
  pool_->WaitForJobs(2);
  ASSERT_TRUE(stream->Write(EchoRequest("named", {3, 3, 3, 3})));
  pool_->WaitForJobs(3);
  pool_->RunNewest();
  EXPECT_EQ(ReadOne(*stream).infer_response().id(), "named");
  pool_->RunNewest();
  pool_->RunNewest();
  EXPECT_THAT(ReadOne(*stream).infer_response().raw_output_contents(),
              ElementsAre(Floats({1, 1, 1, 1})));
  EXPECT_THAT(ReadOne(*stream).infer_response().raw_output_contents(),
              ElementsAre(Floats({2, 2, 2, 2})));
}

TEST_F(StreamCallTest, SaysOfEveryAnswerThatItIsTheLastOfItsRequest) {
  StartServer();
  grpc::ClientContext context;
  const auto stream = Open(context);
  ModelInferRequest request = EchoRequest("a");
  (*request.mutable_parameters())["triton_enable_empty_final_response"].set_bool_param(true);
  ASSERT_TRUE(stream->Write(request));
  const ModelStreamInferResponse answer = ReadOne(*stream);
  const auto& parameters = answer.infer_response().parameters();
  ASSERT_TRUE(parameters.contains("triton_final_response"));
  EXPECT_TRUE(parameters.at("triton_final_response").bool_param());

  grpc::ClientContext unary_context;
  inference::ModelInferResponse unary;
  ASSERT_TRUE(stub_->ModelInfer(&unary_context, request, &unary).ok());
  EXPECT_TRUE(unary.parameters().empty());
}

TEST_F(StreamCallTest, AnErrorIsAMessageWithItsRequestsIdAndTheStreamGoesOn) {
  StartServer();
  grpc::ClientContext context;
  const auto stream = Open(context);
  ModelInferRequest unknown = EchoRequest("bad-1");
  unknown.set_model_name("nope");
  ASSERT_TRUE(stream->Write(unknown));
  const ModelStreamInferResponse first = ReadOne(*stream);
  EXPECT_EQ(first.error_message(), "Request for unknown model: 'nope' is not found");
  EXPECT_EQ(first.infer_response().id(), "bad-1");
  EXPECT_TRUE(first.infer_response().parameters().empty());

  ModelInferRequest shape = EchoRequest("bad-2");
  shape.mutable_inputs(0)->set_shape(1, 5);
  ASSERT_TRUE(stream->Write(shape));
  EXPECT_THAT(ReadOne(*stream).error_message(), HasSubstr("unexpected shape for input 'x'"));
  ASSERT_TRUE(stream->Write(EchoRequest("good")));
  EXPECT_EQ(ReadOne(*stream).error_message(), "");
  stream->WritesDone();
  ExpectEnd(*stream, grpc::StatusCode::OK);
}

TEST_F(StreamCallTest, WithTheHeaderForItAnErrorIsTheStatusOfTheStream) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  context.AddMetadata("triton_grpc_error", "true");
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(EchoRequest("waits")));
  pool_->WaitForJobs(1);
  ModelInferRequest shape = EchoRequest("bad");
  shape.mutable_inputs(0)->set_shape(1, 5);
  ASSERT_TRUE(stream->Write(shape));
  ExpectEnd(*stream, grpc::StatusCode::INVALID_ARGUMENT, "unexpected shape for input 'x'");
  pool_->WaitForForgotten(1);
  EXPECT_EQ(pool_->waiting(), 0u);
}

TEST_F(StreamCallTest, AHeaderOfAnotherValueAsksForNothing) {
  StartServer();
  grpc::ClientContext context;
  context.AddMetadata("triton_grpc_error", "false");
  const auto stream = Open(context);
  ModelInferRequest unknown = EchoRequest("bad");
  unknown.set_model_name("nope");
  ASSERT_TRUE(stream->Write(unknown));
  EXPECT_EQ(ReadOne(*stream).infer_response().id(), "bad");
}

TEST_F(StreamCallTest, AHalfClosedStreamEndsOnceEverythingIsAnswered) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  const auto stream = Open(context);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(stream->Write(EchoRequest(id)));
  stream->WritesDone();
  std::set<std::string> answered;
  for (int i = 0; i < 3; ++i) {
    pool_->RunOne();
    answered.insert(ReadOne(*stream).infer_response().id());
  }
  EXPECT_THAT(answered, ElementsAre("a", "b", "c"));
  ExpectEnd(*stream, grpc::StatusCode::OK);
}

TEST_F(StreamCallTest, AStreamWithoutRequestsEndsWell) {
  StartServer();
  grpc::ClientContext context;
  const auto stream = Open(context);
  stream->WritesDone();
  ExpectEnd(*stream, grpc::StatusCode::OK);
}

TEST_F(StreamCallTest, ACallerWhoLeavesFreesThePlacesOfAllHisRequests) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  const auto stream = Open(context);
  for (const char* id : {"a", "", "c"}) ASSERT_TRUE(stream->Write(EchoRequest(id)));
  pool_->WaitForJobs(3);
  context.TryCancel();
  ExpectEnd(*stream, grpc::StatusCode::CANCELLED);
  pool_->WaitForForgotten(3);
  EXPECT_EQ(pool_->waiting(), 0u);
  server_->StopAccepting(Duration::zero());
  EXPECT_EQ(metrics_.in_phase(Phase::kCancelled), 3);
  EXPECT_EQ(LivePhases(), 0);
}

TEST_F(StreamCallTest, EachRequestHasItsOwnDeadline) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  const auto stream = Open(context);
  ModelInferRequest hasty = EchoRequest("hasty");
  (*hasty.mutable_parameters())["timeout"].set_int64_param(1000);
  ASSERT_TRUE(stream->Write(EchoRequest("patient")));
  pool_->WaitForJobs(1);
  ASSERT_TRUE(stream->Write(hasty));
  pool_->WaitForJobs(2);
  clock_.Advance(std::chrono::milliseconds(1));
  const ModelStreamInferResponse late = ReadOne(*stream);
  EXPECT_EQ(late.infer_response().id(), "hasty");
  EXPECT_EQ(late.error_message(), "the deadline has passed");
  pool_->RunOne();
  EXPECT_EQ(ReadOne(*stream).infer_response().id(), "patient");
}

TEST_F(StreamCallTest, ReadsNoFurtherWhileTooManyRequestsAreInFlight) {
  ModelServer::Options options;
  options.service.calls.stream_requests = 2;
  StartServer(PuppetPool::Mode::kWhenTold, options);
  grpc::ClientContext context;
  const auto stream = Open(context);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(stream->Write(EchoRequest(std::to_string(i))));
  for (int i = 0; i < 5; ++i) {
    pool_->WaitForJobs(std::min(2, 5 - i));
    // A call behind the stream's messages on the same connection and loop.
    grpc::ClientContext live;
    inference::ServerLiveResponse answer;
    ASSERT_TRUE(stub_->ServerLive(&live, {}, &answer).ok());
    EXPECT_LE(pool_->waiting(), 2u);
    pool_->RunOne();
    EXPECT_EQ(ReadOne(*stream).infer_response().id(), std::to_string(i));
  }
}

TEST_F(StreamCallTest, IsBoundedByItsLimitWhenTheCallerReadsNothing) {
  ModelServer::Options options;
  options.service.calls.stream_requests = 3;
  StartServer(PuppetPool::Mode::kAtOnce, options);
  registry_.Publish([] {
    auto version = MakeVersion("wide", 1, EchoModel());
    version->config.inputs[0].dims = {-1};
    version->config.outputs[0].dims = {-1};
    return version;
  }());
  ModelInferRequest request = EchoRequest("");
  request.set_model_name("wide");
  request.mutable_inputs(0)->set_shape(1, 1 << 14);
  request.set_raw_input_contents(0, std::string(sizeof(float) << 14, '\0'));
  constexpr int kRequests = 300;  // 20 MB, more than the connection's windows hold.
  grpc::ClientContext context;
  const auto stream = Open(context);
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) ASSERT_TRUE(stream->Write(request));
    stream->WritesDone();
  });
  while (metrics_.in_phase(Phase::kDone) < 5) std::this_thread::yield();
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_LE(LivePhases(), 3);
    EXPECT_EQ(ReadOne(*stream).infer_response().raw_output_contents(0).size(), sizeof(float) << 14);
  }
  writer.join();
  ExpectEnd(*stream, grpc::StatusCode::OK);
}

TEST_F(StreamCallTest, ADrainEndsAnIdleStreamWithAClearStatus) {
  StartServer();
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(EchoRequest("a")));
  EXPECT_EQ(ReadOne(*stream).infer_response().id(), "a");
  server_->StopAccepting(std::chrono::hours(1));  // Would hang for an hour.
  ExpectEnd(*stream, grpc::StatusCode::UNAVAILABLE,
            "GRPC server is shutting down and has stopped accepting new requests.");
}

TEST_F(StreamCallTest, ADrainFirstAnswersWhatIsInFlight) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(EchoRequest("a")));
  ASSERT_TRUE(stream->Write(EchoRequest("b")));
  pool_->WaitForJobs(2);
  std::thread drain([&] { server_->StopAccepting(std::chrono::hours(1)); });
  while (server_->health().ready()) std::this_thread::yield();
  pool_->RunOne();
  EXPECT_EQ(ReadOne(*stream).infer_response().id(), "a");
  pool_->RunOne();
  EXPECT_EQ(ReadOne(*stream).infer_response().id(), "b");
  ExpectEnd(*stream, grpc::StatusCode::UNAVAILABLE, "shutting down");
  drain.join();
}

TEST_F(StreamCallTest, ADrainCancelsStreamsThatDoNotEndInTime) {
  StartServer(PuppetPool::Mode::kWhenTold);
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(EchoRequest("a")));
  pool_->WaitForJobs(1);
  server_->StopAccepting(Duration::zero());
  EXPECT_EQ(server_->frames(), 0);
  ModelStreamInferResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(StreamCallTest, CountsAndRecordsEachRequestAsAUnaryCall) {
  StartServer();
  {
    grpc::ClientContext context;
    const auto stream = Open(context);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(stream->Write(EchoRequest(std::to_string(i))));
    ModelInferRequest shape = EchoRequest("bad");
    shape.mutable_inputs(0)->set_shape(1, 5);
    ASSERT_TRUE(stream->Write(shape));
    for (int i = 0; i < 4; ++i) ReadOne(*stream);
    stream->WritesDone();
    ExpectEnd(*stream, grpc::StatusCode::OK);
  }
  server_->StopAccepting(Duration::zero());
  EXPECT_EQ(metrics_.in_phase(Phase::kDone), 3);
  EXPECT_EQ(metrics_.in_phase(Phase::kFailed), 1);
  EXPECT_EQ(LivePhases(), 0);
  EXPECT_EQ(metrics_.started(static_cast<size_t>(Method::kModelStreamInfer)), 1);
  EXPECT_EQ(metrics_.started(static_cast<size_t>(Method::kModelInfer)), 0);
  int64_t predictions = 0;
  metrics_.ForEachModel([&](const std::string& model, int code, int64_t count) {
    EXPECT_EQ(model, "echo");
    EXPECT_EQ(code, 0);
    predictions += count;
  });
  EXPECT_EQ(predictions, 3);
  EXPECT_EQ(records_.count(), 3u);
  EXPECT_EQ(records_.WaitForOne().outputs[0].tensor.bytes, Floats({1, 2, 3, 4}));
}

}  // namespace
}  // namespace tournant
