#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "inference/grpc_service.grpc.pb.h"
#include "inference/worker_pool.h"
#include "rpc/methods.h"
#include "rpc/model_server.h"

namespace tournant {

// A whole server on two loops under callers of which each has a thread and goes round after round,
// with a drain that begins beside them. What a storm proves beyond its own assertions is proved by
// running it under the sanitizers.
class StormTest : public ::testing::Test {
 protected:
  using Stub = inference::GRPCInferenceService::Stub;
  struct Plan {
    int callers;
    int rounds_before_drain;  // Of each caller.
    int rounds;
    Duration grace;
    uint64_t seed = 0;
  };
  // Of one caller.
  using Round = std::function<void(Stub& stub, Rng& rng, int caller, int round)>;

  void Serve(std::shared_ptr<ModelVersion> version) {
    version->queue = pool_.MakeQueue(version->config, 1);
    registry_.Publish(std::move(version));
  }
  void StartServer(FeatureClient* store, PredictionSink* records,
                   ModelServer::Options options = {}) {
    predictor_.emplace(registry_, &admission_, pool_, store, records, clock_, Predictor::Options());
    options.address = "127.0.0.1:0";
    auto server = ModelServer::Start(options, registry_, *predictor_, clock_, {&first_, &second_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Until all callers have made all their rounds and the server has ended.
  void Run(const Plan& plan, const Round& round) {
    std::atomic<int> reached{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < plan.callers; ++caller) {
      callers.emplace_back([&, caller] {
        SeededRng rng(plan.seed + static_cast<uint64_t>(caller));
        const auto stub = inference::GRPCInferenceService::NewStub(grpc::CreateChannel(
            "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
        for (int i = 0; i < plan.rounds; ++i) {
          if (i == plan.rounds_before_drain) reached.fetch_add(1);
          round(*stub, rng, caller, i);
        }
      });
    }
    while (reached.load() < plan.callers) std::this_thread::yield();
    server_->StopAccepting(plan.grace);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(server_->frames(), 0);
    pool_.Close();
    server_->StopLoops();
  }

  // Nothing is left in a phase on the way, the pool has accounted for all that it took, and at
  // least `answered` requests have ended well.
  void ExpectAllEnded(int64_t answered) const {
    int64_t done = 0;
    for (const CallMetrics* metrics : metrics_) {
      for (size_t phase = 0; phase < kEndPhase; ++phase) {
        EXPECT_EQ(metrics->in_phase(static_cast<Phase>(phase)), 0)
            << PhaseName(static_cast<Phase>(phase));
      }
      done += metrics->in_phase(Phase::kDone);
    }
    EXPECT_GT(answered, 0);
    // An answer that was sent may still have missed a caller who left; never the other way round.
    EXPECT_GE(done, answered);
    const PoolCounts counts = pool_.Status().counts;
    EXPECT_EQ(counts.accepted,
              counts.ok + counts.failed + counts.expired + counts.shed + counts.unwanted);
    const AdmissionControl::Numbers admitted = admission_.Read();
    EXPECT_EQ(admitted.calls, 0);
    EXPECT_EQ(admitted.bytes, 0);
    EXPECT_EQ(admitted.work, Duration::zero());
    for (const AdmissionControl::ClassCounts& offers : admitted.classes) {
      int64_t rejected = 0;
      for (const int64_t count : offers.rejected) rejected += count;
      EXPECT_EQ(offers.offered, offers.admitted + rejected);
    }
  }

  SystemClock clock_;
  ModelRegistry registry_;
  AdmissionControl admission_{{.workers = 2}};
  WorkerPool pool_{clock_, {.workers = 2}};
  CallMetrics first_{MethodNames()};
  CallMetrics second_{MethodNames()};
  const std::vector<const CallMetrics*> metrics_ = {&first_, &second_};
  std::optional<Predictor> predictor_;
  std::unique_ptr<ModelServer> server_;
};

}  // namespace tournant
