#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "fakes/fake_model.h"
#include "fakes/manual_clock.h"
#include "fakes/puppet_pool.h"
#include "inference/grpc_service.grpc.pb.h"
#include "rpc/methods.h"
#include "rpc/model_server.h"

namespace tournant {

inline std::string Floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

// A sink that keeps what it is given.
class KeptRecords final : public PredictionSink {
 public:
  void Record(PredictionRecord record) override {
    MutexLock lock(mutex_);
    records_.push_back(std::move(record));
    recorded_.SignalAll();
  }
  PredictionRecord WaitForOne() {
    MutexLock lock(mutex_);
    while (records_.empty()) recorded_.Wait(mutex_);
    PredictionRecord record = std::move(records_.back());
    records_.pop_back();
    return record;
  }
  size_t count() {
    MutexLock lock(mutex_);
    return records_.size();
  }

 private:
  Mutex mutex_;
  CondVar recorded_;
  std::vector<PredictionRecord> records_ ABSL_GUARDED_BY(mutex_);
};

// A whole server on a port of its own, with a model that gives back its input.
class ModelServerTest : public ::testing::Test {
 protected:
  void StartServer(PuppetPool::Mode mode = PuppetPool::Mode::kAtOnce,
                   ModelServer::Options options = {}) {
    pool_ = std::make_unique<PuppetPool>(mode);
    StartServer(*pool_, std::move(options));
  }
  void StartServer(ComputePool& pool, ModelServer::Options options = {}) {
    predictor_ = std::make_unique<Predictor>(registry_, admission_, pool, nullptr, &records_,
                                             clock_, Predictor::Options());
    // A real port: the in-process transport drops calls in flight as soon as a drain begins.
    options.address = "127.0.0.1:0";
    auto server = ModelServer::Start(options, registry_, *predictor_, clock_, {&metrics_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    stub_ = inference::GRPCInferenceService::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                  grpc::InsecureChannelCredentials(), arguments));
  }

  void SetUp() override { registry_.Publish(MakeVersion("echo", 1, EchoModel())); }

  void TearDown() override {
    stub_.reset();
    if (server_ == nullptr) return;
    server_->StopAccepting(Duration::zero());
    EXPECT_EQ(server_->frames(), 0);
    server_->StopLoops();
  }

  static inference::ModelInferRequest EchoRequest(const std::string& id = "call-1",
                                                  const std::vector<float>& cells = {1, 2, 3, 4}) {
    inference::ModelInferRequest request;
    request.set_model_name("echo");
    request.set_id(id);
    auto& input = *request.add_inputs();
    input.set_name("x");
    input.set_datatype("FP32");
    input.add_shape(static_cast<int64_t>(cells.size() / 4));
    input.add_shape(4);
    request.add_raw_input_contents(Floats(cells));
    return request;
  }

  // Another channel to the server, for services other than inference.
  std::shared_ptr<grpc::Channel> Channel() const {
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                               grpc::InsecureChannelCredentials());
  }

  // Calls and requests on streams that have not ended yet. The loop goes on while its counters are
  // read, so one that moves in between would count twice: they are read until they stand still,
  // those of the ends too, which every request moves.
  int64_t LivePhases() const {
    std::array<int64_t, kPhaseCount> counts = ReadPhases();
    for (auto again = ReadPhases(); again != counts; again = ReadPhases()) counts = again;
    return std::accumulate(counts.begin(), counts.begin() + kEndPhase, int64_t{0});
  }
  std::array<int64_t, kPhaseCount> ReadPhases() const {
    std::array<int64_t, kPhaseCount> counts;
    for (size_t phase = 0; phase < kPhaseCount; ++phase) {
      counts[phase] = metrics_.in_phase(static_cast<Phase>(phase));
    }
    return counts;
  }

  grpc::Status Infer(const inference::ModelInferRequest& request,
                     inference::ModelInferResponse* response) {
    grpc::ClientContext context;
    return stub_->ModelInfer(&context, request, response);
  }
  // Where the status is all that matters.
  grpc::Status Infer(const inference::ModelInferRequest& request) {
    inference::ModelInferResponse response;
    return Infer(request, &response);
  }

  // Moves when told: no call is too late because the machine is slow.
  ManualClock clock_;
  ModelRegistry registry_;
  CallMetrics metrics_{MethodNames()};
  KeptRecords records_;
  AdmissionControl* admission_ = nullptr;  // Set before StartServer.
  std::unique_ptr<PuppetPool> pool_;
  std::unique_ptr<Predictor> predictor_;
  std::unique_ptr<ModelServer> server_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
};

}  // namespace tournant
