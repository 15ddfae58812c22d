#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "cq/cq_loop.h"
#include "cq/health_service.h"
#include "feature_store/feature_service.h"
#include "feature_store/feature_store_options.h"
#include "feature_store/online_features.h"
#include "feature_store/online_store.h"
#include "feature_store/registry_source.h"
#include "feature_store/registry_watch.h"
#include "feature_store/store_metrics.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// A running feature store: registry, store, services, and a queue thread of its own. Stands alone
// in tournant-feature-store, or inside tournant-server, which reaches it by InProcessChannel and so
// takes the same path through the same stub.
//
// Owned by main. Start, Shutdown and destruction on main's thread.
class FeatureStoreServer {
 public:
  // INVALID_ARGUMENT and NOT_FOUND for settings and files that are wrong, UNAVAILABLE when the
  // address cannot be listened on. `clock` outlives the server; its wall clock tells the age of
  // features.
  static absl::StatusOr<std::unique_ptr<FeatureStoreServer>> Start(
      const FeatureStoreOptions& options, const Clock& clock);
  ~FeatureStoreServer();

  // The port that is listened on; 0 without an address.
  int port() const { return port_; }
  // The one in use; it changes with its file.
  std::shared_ptr<const FeatureRegistry> registry() const { return registry_->registry(); }
  // Looks whether the registry's file has changed, as a thread of the server's own does every
  // registry_period.
  void LookAtRegistry();

  // A channel into this server. No call may be started on it once Shutdown has begun: gRPC 1.51's
  // in-process transport crashes on a call to a server that was shut down. Calls in flight are
  // fine.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Registers grpc_server_call_* and tournant_feature_store_*. The registry's Text must not be
  // called after this object has gone.
  void RegisterWith(MetricsRegistry& metrics) const;

  // Whether the event loop still turns: it is asked, and has `patience` to answer. True once it
  // ends. Any thread; blocks.
  bool Live(std::chrono::milliseconds patience);
  // Whether it serves: false from the begin of Shutdown on. Any thread.
  bool Ready() const { return ready_.load(); }

  // Refuses new calls, lets those that run end within `grace`, then stops every thread. Idempotent.
  void Shutdown(std::chrono::milliseconds grace);

 private:
  FeatureStoreServer(std::unique_ptr<RegistrySource> registry, std::unique_ptr<OnlineStore> store,
                     const OnlineFeatures::Options& features,
                     const FeatureService::Options& service, const Clock& clock);
  absl::Status Listen(const FeatureStoreOptions& options);
  void UseRegistry() { features_.UseRegistry(registry_->registry()); }

  const Clock& clock_;
  const std::unique_ptr<RegistrySource> registry_;
  std::unique_ptr<OnlineStore> store_;
  StoreMetrics metrics_;
  OnlineFeatures features_;
  FeatureService service_;
  CallCount health_calls_;
  HealthService health_{health_calls_};
  int port_ = 0;
  // In the order of their making; Shutdown and the destructor take them down the other way round.
  std::unique_ptr<CqLoop> loop_;
  std::unique_ptr<grpc::Server> server_;
  Thread loop_thread_;
  std::optional<RegistryWatch> registry_watch_;
  bool stopped_ = false;
  std::atomic<bool> ready_{false};
  Mutex loop_mutex_;
  bool loop_ends_ ABSL_GUARDED_BY(loop_mutex_) = false;
};

}  // namespace tournant
