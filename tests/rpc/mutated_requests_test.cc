// Requests that a seeded generator has broken in one to three places, or in their very bytes. Each
// gets an error that is defined, or an answer that is right; the server lives.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fakes/fake_model.h"
#include "fakes/in_process_tsan.h"
#include "fakes/sanitized.h"
#include "inference/worker_pool.h"
#include "rpc/methods.h"
#include "rpc/model_server.h"
#include "rpc/request_mutator.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;

constexpr int kRequests = kSanitized ? 5'000 : 50'000;

// The model's "y" for a request that was answered: the bytes of its input "x".
std::string BytesOfX(const ModelInferRequest& request) {
  for (int i = 0; i < request.inputs_size(); ++i) {
    if (request.inputs(i).name() != "x") continue;
    if (request.raw_input_contents_size() > 0) return request.raw_input_contents(i);
    const auto& values = request.inputs(i).contents().fp32_contents();
    return {reinterpret_cast<const char*>(values.data()),
            static_cast<size_t>(values.size()) * sizeof(float)};
  }
  return "no input x";
}

class MutatedRequestsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Publish("echo", 8, {{"x", DataType::kFp32, {4}}, {"label", DataType::kBytes, {1}, true}}, {4});
    Publish("flat", 0, {{"x", DataType::kFp32, {-1}}}, {-1});
    predictor_ = std::make_unique<Predictor>(registry_, nullptr, pool_, nullptr, nullptr, clock_,
                                             Predictor::Options());
    ModelServer::Options options;
    options.address = "";
    auto server = ModelServer::Start(options, registry_, *predictor_, clock_, {&metrics_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = std::make_unique<grpc::GenericStub>(server_->InProcessChannel());
  }

  void TearDown() override {
    stub_.reset();
    server_->StopAccepting(Duration::zero());
    EXPECT_EQ(server_->frames(), 0);
    pool_.Close();
    server_->StopLoops();
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  void Publish(const std::string& name, int64_t max_batch_size, std::vector<TensorSpec> inputs,
               std::vector<int64_t> output_dims) {
    auto model = std::make_unique<FakeModel>([](std::span<const TensorView> given) {
      const Tensor y{given[0].type, given[0].shape, std::string(given[0].bytes)};
      return absl::StatusOr<std::vector<Tensor>>(std::vector<Tensor>{y});
    });
    std::shared_ptr<ModelVersion> version = MakeVersion(name, 1, std::move(model));
    version->config.max_batch_size = max_batch_size;
    version->config.inputs = std::move(inputs);
    version->config.outputs[0].dims = std::move(output_dims);
    version->queue = pool_.MakeQueue(version->config, 1);
    registry_.Publish(version);
  }

  // Sends what may not be a message at all.
  grpc::Status Infer(const std::string& bytes, ModelInferResponse& response) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer sent(&slice, 1);
    grpc::ClientContext context;
    const auto call = stub_->PrepareUnaryCall(
        &context, "/inference.GRPCInferenceService/ModelInfer", sent, &queue_);
    call->StartCall();
    grpc::ByteBuffer received;
    grpc::Status status;
    call->Finish(&received, &status, this);
    void* tag;
    bool ok;
    EXPECT_TRUE(queue_.Next(&tag, &ok));
    response.Clear();
    if (!status.ok()) return status;
    std::vector<grpc::Slice> slices;
    EXPECT_TRUE(received.Dump(&slices).ok());
    std::string joined;
    for (const grpc::Slice& part : slices) {
      joined.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
    EXPECT_TRUE(response.ParseFromString(joined));
    return status;
  }

  SystemClock clock_;
  ModelRegistry registry_;
  WorkerPool pool_{clock_, {.workers = 1}};
  CallMetrics metrics_{MethodNames()};
  std::unique_ptr<Predictor> predictor_;
  std::unique_ptr<ModelServer> server_;
  std::unique_ptr<grpc::GenericStub> stub_;
  grpc::CompletionQueue queue_;
};

TEST_F(MutatedRequestsTest, EachGetsADefinedErrorOrACorrectAnswer) {
  const std::set<grpc::StatusCode> defined = {
      grpc::StatusCode::INVALID_ARGUMENT,  // Nearly all.
      grpc::StatusCode::NOT_FOUND,         // Another model's name, another version.
      grpc::StatusCode::UNIMPLEMENTED,     // Shared memory.
      grpc::StatusCode::DEADLINE_EXCEEDED  // A `timeout` of a few microseconds.
  };
  RequestMutator mutator(2013);
  ModelInferResponse response;
  int answered = 0;
  int refused = 0;
  int unparsable = 0;
  for (int i = 0; i < kRequests && !HasFailure(); ++i) {
    ModelInferRequest request = mutator.Base();
    std::string bytes = request.SerializeAsString();
    if (mutator.Below(4) == 0) {
      mutator.MutateBytes(bytes);
    } else {
      mutator.Mutate(request);
      bytes = request.SerializeAsString();
    }
    const bool parsable = request.ParseFromString(bytes);
    const grpc::Status status = Infer(bytes, response);
    SCOPED_TRACE(parsable ? request.ShortDebugString() : "bytes that are no request");
    if (!parsable) {
      // gRPC answers for us.
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL) << status.error_message();
      ++unparsable;
    } else if (!status.ok()) {
      EXPECT_TRUE(defined.contains(status.error_code()))
          << status.error_code() << ": " << status.error_message();
      EXPECT_FALSE(status.error_message().empty());
      EXPECT_LT(status.error_message().size(), 1600u);
      ++refused;
    } else {
      EXPECT_EQ(response.id(), request.id());
      EXPECT_EQ(response.model_name(), request.model_name());
      ASSERT_EQ(response.outputs_size(), 1);
      ASSERT_EQ(response.raw_output_contents_size(), 1);
      EXPECT_EQ(response.outputs(0).name(), "y");
      if (response.outputs(0).datatype() == "FP32") {
        EXPECT_TRUE(response.raw_output_contents(0) == BytesOfX(request));
      } else {
        EXPECT_EQ(response.outputs(0).datatype(), "BYTES");  // Classified.
      }
      ++answered;
    }

    const ModelInferRequest right = mutator.Base();
    if (i % 10 != 0) continue;
    const grpc::Status good = Infer(right.SerializeAsString(), response);
    ASSERT_TRUE(good.ok()) << good.error_message();
    EXPECT_TRUE(response.raw_output_contents(0) == BytesOfX(right));
  }
  // The generator reaches all three.
  EXPECT_GT(answered, kRequests / 50);
  EXPECT_GT(refused, kRequests / 4);
  EXPECT_GT(unparsable, kRequests / 50);
}

}  // namespace
}  // namespace tournant
