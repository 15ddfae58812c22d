#pragma once

#include <functional>
#include <vector>

#include "base/call_count.h"
#include "base/clock.h"
#include "inference/grpc_service.grpc.pb.h"
#include "models/registry.h"
#include "pipeline/predictor.h"
#include "rpc/call_settings.h"
#include "rpc/infer_exchange.h"
#include "rpc/lane.h"
#include "rpc/log_settings.h"
#include "rpc/repository_calls.h"

namespace tournant {

// inference.GRPCInferenceService: the asynchronous service and the coroutines that serve it. Owned
// by the server and outlives its calls.
class InferenceService {
 public:
  struct Options {
    CallSettings calls;
    // Calls that gRPC may hand over before we ask for the next one. A slot refills itself before it
    // is handled; this is for a burst that is read at once, whose others gRPC has to queue.
    int infer_slots = 64;
    int stream_slots = 4;                          // The same for streams, which come less often.
    RepositoryControl* repository = nullptr;       // Null: models cannot be loaded by a call.
    Tracer* tracer = nullptr;                      // Null: calls are not recorded.
    std::function<void()> models_changed = [] {};  // Called after a call has loaded or unloaded.
  };

  // `live` and `ready` answer ServerLive and ServerReady; called on event loops.
  InferenceService(const ModelRegistry& registry, Predictor& predictor, const Clock& clock,
                   CallCount& calls, std::function<bool()> live, std::function<bool()> ready,
                   Options options);

  // To register with the builder.
  grpc::Service& service() { return service_; }

  // Posts the slots of every method on `lane`. Once per lane, after the server was started. Methods
  // that do not work are served too and answer UNIMPLEMENTED: gRPC would otherwise keep such calls
  // for ever.
  void Start(Lane& lane);
  // Lets the open streams end, and those that come later, once what was sent on them is answered.
  // While the loops run; not on one of their threads.
  void EndStreams();

 private:
  void StartSettings(Lane& lane);
  void StartDiscovery(Lane& lane);
  void StartUnimplemented(Lane& lane);

  inference::GRPCInferenceService::AsyncService service_;
  const ModelRegistry& registry_;
  const Clock& clock_;
  CallCount& calls_;
  const std::function<bool()> live_;
  const std::function<bool()> ready_;
  const Options options_;
  InferDependencies infer_;
  const RepositoryDependencies repository_;
  LogSettings log_settings_;
  std::vector<Lane*> lanes_;  // Those that were started.
};

}  // namespace tournant
