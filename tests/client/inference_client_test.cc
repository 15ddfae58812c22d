#include "cpp/inference_client.h"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "client/fake_inference_server.h"
#include "cpp/async_infer.h"
#include "cpp/channel.h"
#include "cpp/infer_request.h"
#include "cpp/infer_result.h"
#include "cpp/rpc_error.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using std::chrono::milliseconds;

// Far beyond what any of these calls takes.
constexpr milliseconds kPatience = std::chrono::minutes(10);

inference::ModelInferRequest RequestOf(std::vector<float> values) {
  const std::array<int64_t, 2> shape = {static_cast<int64_t>(values.size()), 1};
  const std::vector<absl::string_view> names(values.size(), "n");
  return InferRequestBuilder("double")
      .Id("id-1")
      .Add<float>("x", shape, values)
      .AddStrings("name", shape, names)
      .Build();
}

class InferenceClientTest : public ::testing::Test {
 protected:
  InferenceClient Client(const ChannelOptions& options = {}, milliseconds deadline = kPatience) {
    return InferenceClient(*OpenChannel(server_.address(), options), clock_, deadline);
  }

  SystemClock clock_;
  FakeInferenceServer server_;
};

TEST_F(InferenceClientTest, SendsTypedValuesAndReadsTypedOutputs) {
  const auto response = Client().Infer(RequestOf({1, 2.5F}));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->id(), "id-1");
  const auto outputs = DecodeOutputs(*response);
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  ASSERT_EQ(outputs->size(), 1U);
  EXPECT_EQ((*outputs)[0].name, "y");
  EXPECT_EQ((*outputs)[0].shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(*(*outputs)[0].Values<float>(), (std::vector<float>{2, 5}));
  EXPECT_EQ((*outputs)[0].Values<double>().status().message(), "output 'y' is FP32, not FP64");
  EXPECT_FALSE((*outputs)[0].Strings().ok());
}

TEST_F(InferenceClientTest, AsksForMetadataConfigAndIndex) {
  InferenceClient client = Client();
  EXPECT_TRUE(*client.ServerReady());
  EXPECT_EQ(client.ServerMetadata()->name(), "fake");
  EXPECT_EQ(client.ModelMetadata("double")->inputs_size(), 3);
  EXPECT_EQ(client.ModelConfig("double")->max_batch_size(), 8);
  EXPECT_EQ(client.RepositoryIndex()->models(0).state(), "READY");
  EXPECT_EQ(client.ModelMetadata("nobody").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(client.ModelReady("double").status().code(), absl::StatusCode::kUnimplemented);
}

TEST_F(InferenceClientTest, FindsTheFieldOfABadRequest) {
  server_.set_hook([](auto&, auto&, auto&) {
    google::rpc::BadRequest bad;
    bad.add_field_violations()->set_field("inputs[0].shape");
    return WithDetails(grpc::StatusCode::INVALID_ARGUMENT, "unexpected shape", bad);
  });
  const auto response = Client().Infer(RequestOf({1}));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(response.status()), "inputs[0].shape");
  EXPECT_EQ(ErrorText(response.status()),
            "INVALID_ARGUMENT: unexpected shape (field inputs[0].shape)");
  EXPECT_EQ(server_.infer_calls(), 1) << "a bad request must not be sent again";
}

TEST_F(InferenceClientTest, FindsTheReasonAndTheDelayOfAnOverload) {
  server_.set_hook([](grpc::ServerContext& context, auto&, auto&) {
    context.AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
    google::rpc::ErrorInfo info;
    info.set_reason("QUEUE_FULL");
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(1);
    retry.mutable_retry_delay()->set_nanos(250'000'000);
    return WithDetails(grpc::StatusCode::RESOURCE_EXHAUSTED, "busy", info, &retry);
  });
  const auto response = Client().Infer(RequestOf({1}));
  const auto overload = OverloadOf(response.status());
  ASSERT_TRUE(overload.has_value()) << response.status();
  EXPECT_EQ(overload->reason, "QUEUE_FULL");
  EXPECT_EQ(overload->retry_after, milliseconds(1250));
  EXPECT_EQ(ErrorText(response.status()),
            "RESOURCE_EXHAUSTED: busy (QUEUE_FULL, retry after 1250 ms)");
  EXPECT_EQ(server_.infer_calls(), 1) << "the server said not to come again";
}

TEST_F(InferenceClientTest, GarbageInTheDetailsLeavesCodeAndMessage) {
  server_.set_hook([](auto&, auto&, auto&) {
    return grpc::Status(grpc::StatusCode::INTERNAL, "broke", "\xff\xff\xff");
  });
  const auto response = Client().Infer(RequestOf({1}));
  EXPECT_EQ(ErrorText(response.status()), "INTERNAL: broke");
}

TEST_F(InferenceClientTest, TriesAgainWhenTheServerIsUnavailable) {
  std::atomic<int> failures = 2;
  server_.set_hook([&failures](auto&, auto&, auto&) {
    return failures-- > 0 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "loading")
                          : grpc::Status::OK;
  });
  const auto response =
      Client({.initial_backoff_ms = 1, .max_backoff_ms = 2}).Infer(RequestOf({1}));
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(server_.infer_calls(), 3);
}

TEST_F(InferenceClientTest, ComesAgainWhenTheServerPushesBack) {
  std::atomic<int> failures = 1;
  server_.set_hook([&failures](grpc::ServerContext& context, auto&, auto&) {
    if (failures-- <= 0) return grpc::Status::OK;
    context.AddTrailingMetadata("grpc-retry-pushback-ms", "1");
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "queue full");
  });
  // With a back-off beyond the deadline, only the server's word can explain a second attempt.
  const auto response = Client({.initial_backoff_ms = 10'000'000, .max_backoff_ms = 10'000'000})
                            .Infer(RequestOf({1}));
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(server_.infer_calls(), 2);
}

TEST_F(InferenceClientTest, GivesUpAfterItsAttempts) {
  server_.set_hook(
      [](auto&, auto&, auto&) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining"); });
  const auto response = Client({.max_attempts = 2, .initial_backoff_ms = 1, .max_backoff_ms = 1})
                            .Infer(RequestOf({1}));
  EXPECT_EQ(ErrorText(response.status()), "UNAVAILABLE: draining");
  EXPECT_EQ(server_.infer_calls(), 2);
}

TEST_F(InferenceClientTest, StopsRetryingWhenTooManyCallsFail) {
  server_.set_hook(
      [](auto&, auto&, auto&) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down"); });
  InferenceClient client = Client(
      {.initial_backoff_ms = 1, .max_backoff_ms = 1, .retry_tokens = 4, .retry_token_ratio = 0.1});
  constexpr int kCalls = 20;
  for (int i = 0; i < kCalls; ++i) EXPECT_FALSE(client.Infer(RequestOf({1})).ok());
  // The first call: 4 tokens, 3 after its first attempt and 2, no more than half, after its second.
  EXPECT_EQ(server_.infer_calls(), kCalls + 1);
}

TEST_F(InferenceClientTest, EndsAtItsDeadline) {
  server_.set_hook([](grpc::ServerContext& context, auto&, auto&) {
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  });
  const auto response = Client({}, milliseconds(50)).Infer(RequestOf({1}));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(InferenceClientTest, SaysThatNobodyListens) {
  SystemClock clock;
  InferenceClient client(*OpenChannel("127.0.0.1:1"), clock, kPatience);
  EXPECT_EQ(client.ServerReady().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(InferenceClientTest, SpreadsCallsOverAllAddresses) {
  FakeInferenceServer other;
  InferenceClient client(*OpenChannel(server_.address() + "," + other.address()), clock_,
                         kPatience);
  // Round robin takes an address once it is connected, so keep calling until both have been.
  while (server_.infer_calls() == 0 || other.infer_calls() == 0) {
    ASSERT_TRUE(client.Infer(RequestOf({1})).ok());
  }
}

TEST_F(InferenceClientTest, KeepsManyCallsInFlightAndReportsEach) {
  InferenceClient client = Client();
  std::vector<float> results(100, -1);
  AsyncInfer calls(client.stub(), clock_, {.concurrency = 7, .deadline = kPatience},
                   [&](uint64_t id, const absl::Status& status,
                       const inference::ModelInferResponse& response, Duration latency) {
                     EXPECT_TRUE(status.ok()) << status;
                     EXPECT_GT(latency.count(), 0);
                     results[id] = DecodeOutputs(response)->front().Values<float>()->front();
                   });
  for (uint64_t id = 0; id < 100; ++id) {
    while (calls.full()) calls.Wait();
    calls.Start(id, RequestOf({static_cast<float>(id)}));
    EXPECT_LE(calls.in_flight(), 7U);
  }
  while (calls.Wait()) {
  }
  for (size_t id = 0; id < 100; ++id) EXPECT_EQ(results[id], 2 * static_cast<float>(id));
}

TEST_F(InferenceClientTest, NothingOfAGarbledAnswerIsUsed) {
  server_.set_hook([](auto&, auto&, inference::ModelInferResponse& response) {
    // One more of the outputs, whose bytes are no message.
    response.GetReflection()->MutableUnknownFields(&response)->AddLengthDelimited(
        inference::ModelInferResponse::kOutputsFieldNumber, "\xff");
    return grpc::Status::OK;
  });
  InferenceClient client = Client();
  EXPECT_FALSE(client.Infer(RequestOf({1})).ok());
  absl::Status ended;
  AsyncInfer calls(client.stub(), clock_, {.concurrency = 1, .deadline = kPatience},
                   [&](auto, const absl::Status& status, auto& response, auto) {
                     ended = status;
                     EXPECT_EQ(response.outputs_size(), 0);
                   });
  calls.Start(1, RequestOf({1}));
  calls.Wait();
  EXPECT_EQ(ended.code(), absl::StatusCode::kInternal);
}

TEST_F(InferenceClientTest, AbandonedCallsAreCancelled) {
  server_.set_hook([](grpc::ServerContext& context, auto&, auto&) {
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  });
  InferenceClient client = Client();
  {
    AsyncInfer calls(client.stub(), clock_, {.concurrency = 2}, [](auto, auto&, auto&, auto) {});
    calls.Start(1, RequestOf({1}));
  }
}

TEST(DecodeOutputs, RefusesAnswersWhoseBytesDoNotFit) {
  inference::ModelInferResponse response;
  auto* output = response.add_outputs();
  output->set_name("y");
  output->set_datatype("FP32");
  output->add_shape(2);
  EXPECT_EQ(DecodeOutputs(response).status().message(),
            "the answer has 1 outputs and raw bytes for 0");
  response.add_raw_output_contents("abc");
  EXPECT_EQ(DecodeOutputs(response).status().message(),
            "output 'y' has 3 bytes where its shape asks for 8");
  output->set_shape(0, -1);
  EXPECT_EQ(DecodeOutputs(response).status().message(), "output 'y' has an impossible shape");
  output->set_shape(0, 1);
  output->set_datatype("BYTES");
  EXPECT_EQ(DecodeOutputs(response).status().message(), "output 'y' holds 0 of 1 elements");
  output->set_datatype("WORDS");
  EXPECT_EQ(DecodeOutputs(response).status().message(),
            "output 'y' has the unknown datatype 'WORDS'");
}

}  // namespace
}  // namespace tournant::client
