#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "features/feature_client.h"
#include "telemetry/attempt_metrics.h"

namespace feast::serving {
class GetOnlineFeaturesRequest;
}  // namespace feast::serving

namespace tournant {

// The stub: fetches by Feast's GetOnlineFeatures, one RPC for each fetch. Runs on the queue of the
// call's own loop, so no other thread is woken.
//
// Owned by its backend, outlives every call. Thread-safe. The home of every call must be a CqLoop.
class GrpcFeatureClient final : public FeatureClient {
 public:
  // `method` is a full path such as "/feast.serving.ServingService/GetOnlineFeatures". Several
  // channels lead to one store and are used in turn, for when one connection is not enough.
  // `attempts` counts the RPCs; null: nobody does.
  GrpcFeatureClient(std::vector<std::shared_ptr<grpc::Channel>> channels, std::string method,
                    std::shared_ptr<AttemptMetrics> attempts = nullptr);
  GrpcFeatureClient(std::shared_ptr<grpc::Channel> channel, std::string method,
                    std::shared_ptr<AttemptMetrics> attempts = nullptr);
  ~GrpcFeatureClient() override;

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override;

 private:
  // The answer as it came: its size would cost as much to count as to read.
  using Stub =
      grpc::TemplatedGenericStub<feast::serving::GetOnlineFeaturesRequest, grpc::ByteBuffer>;

  Stub& NextStub() {
    if (stubs_.size() == 1) return stubs_.front();
    return stubs_[turn_.fetch_add(1, std::memory_order_relaxed) % stubs_.size()];
  }

  const std::string method_;
  const std::shared_ptr<AttemptMetrics> attempts_;
  std::vector<Stub> stubs_;
  std::atomic<size_t> turn_{0};
};

}  // namespace tournant
