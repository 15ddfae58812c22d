#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "base/call_count.h"
#include "base/clock.h"
#include "base/task.h"
#include "cq/cq_loop.h"
#include "feast/serving/GrpcServer.grpc.pb.h"
#include "feast/serving/ServingService.grpc.pb.h"
#include "feature_store/call_limit.h"
#include "feature_store/online_features.h"
#include "feature_store/store_metrics.h"
#include "telemetry/call_metrics.h"

namespace tournant {

// Both services under which Feast's servers offer GetOnlineFeatures, answered alike: one coroutine
// a call. Requests and answers are raw bytes, since answers are put together from stored bytes.
//
// Owned by FeatureStoreServer. Outlives the grpc::Server that it is registered with and every call.
class FeatureService {
 public:
  struct Options {
    std::chrono::milliseconds default_deadline{5000};  // for a call that has none
    std::chrono::milliseconds max_deadline{30000};
    int slots = 32;  // calls that wait to be accepted, per path and queue
    CallLimitOptions limit;
  };

  // All outlive it. `calls` counts the RPCs, by StoreMethod.
  FeatureService(OnlineFeatures& features, CallMetrics& calls, const Clock& clock,
                 const Options& options);

  void RegisterWith(grpc::ServerBuilder& builder);
  // Starts accepting calls on `queue`, which `loop` runs. After the server has started and before
  // the loop runs.
  void Accept(CqLoop& loop, grpc::ServerCompletionQueue& queue);
  // After the server was shut down: when this returns, nothing posts to a loop any more.
  void WaitUntilIdle() { live_calls_.WaitForZero(); }

  const CallLimit& limit() const { return limit_; }

 private:
  using Serving = feast::serving::ServingService;
  using ServingPath = Serving::WithRawMethod_GetOnlineFeatures<
      Serving::WithAsyncMethod_GetFeastServingInfo<Serving::Service>>;
  using PythonPath =
      GrpcFeatureServer::WithRawMethod_GetOnlineFeatures<GrpcFeatureServer::WithAsyncMethod_Push<
          GrpcFeatureServer::WithAsyncMethod_WriteToOnlineStore<GrpcFeatureServer::Service>>>;

  template <class Path>
  static Detached ServeGetOnlineFeatures(FeatureService& service, Path& path, StoreMethod method,
                                         CqLoop& loop, grpc::ServerCompletionQueue& queue);
  Task<absl::StatusOr<std::string>> Answer(const CallContext& call, CallLimit::Place& place,
                                           const grpc::ByteBuffer& request);

  OnlineFeatures& features_;
  CallMetrics& calls_;
  const Clock& clock_;
  const Options options_;
  ServingPath serving_;
  PythonPath python_;
  CallCount live_calls_;
  CallLimit limit_;
};

}  // namespace tournant
