#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/server.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/call_count.h"
#include "base/thread.h"
#include "cq/health_service.h"
#include "models/registry.h"
#include "pipeline/call_home.h"
#include "pipeline/predictor.h"
#include "rpc/health.h"
#include "rpc/inference_service.h"
#include "rpc/lane.h"
#include "rpc/unknown_methods.h"
#include "rpc/watchdog.h"

namespace tournant {

// The gRPC side of the model server: listening port, event loops with one thread each, inference
// service, health and reflection. Owned by main, which also decides when it ends:
//
//   StopAccepting(grace);   // health NOT_SERVING was set before; returns when no call is left
//   pool.Close();           // workers may still be inside Post: join them before the loops end
//   StopLoops();
//
// A destroyed server that was not stopped does all three without grace.
class ModelServer {
 public:
  struct Options {
    std::string address = "127.0.0.1:8001";  // Port 0: any free one. Empty: in-process only.
    int max_message_bytes = 64 << 20;
    bool reflection = true;
    std::chrono::milliseconds max_connection_age{std::chrono::minutes(5)};  // 0: never closed.
    InferenceService::Options service;
    Watchdog::Options watchdog;  // With what tells of the workers.
    // Blocks until nothing goes on on the loops that belongs to no call, such as fetches that calls
    // have shared; may be empty. Called when no call is left, while the loops still run.
    std::function<void()> wait_for_background;
  };

  // One event loop for each of `metrics`, which outlive the server, as everything else passed in.
  // UNAVAILABLE when the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<ModelServer>> Start(
      Options options, const ModelRegistry& registry, Predictor& predictor, const Clock& clock,
      const std::vector<CallMetrics*>& metrics);
  ~ModelServer();

  int port() const { return port_; }
  std::shared_ptr<grpc::Channel> InProcessChannel();
  Health& health() { return health_; }

  // Refuses new calls, cancels those that are left after `grace`, and returns when every call's
  // frame is gone, and what has outlived them. Not on a loop's thread.
  void StopAccepting(Duration grace);
  // Ends the loops' threads. After StopAccepting, and after nothing else can post to them.
  void StopLoops();

  // The event loops, for calls that come another way. They end with StopLoops.
  std::vector<CallHome> homes();

  // Call frames alive, waiting slots included. For tests and the status page.
  int64_t frames() const { return calls_.value(); }

 private:
  ModelServer(Options options, const ModelRegistry& registry, Predictor& predictor,
              const Clock& clock);
  absl::Status Build(const std::vector<CallMetrics*>& metrics);

  const Options options_;
  const Clock& clock_;
  CallCount calls_;
  HealthService health_service_{calls_};
  Health health_;
  InferenceService service_;
  UnknownMethods unknown_methods_{calls_, clock_};
  std::vector<std::unique_ptr<Lane>> lanes_;  // Outlive the grpc::Server, which uses their queues.
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::unique_ptr<Watchdog> watchdog_;
  std::vector<Thread> threads_;
};

}  // namespace tournant
