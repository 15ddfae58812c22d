#pragma once

#include <grpcpp/completion_queue.h>

#include <list>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "base/call_count.h"
#include "base/mutex.h"
#include "base/task.h"
#include "cq/cq_loop.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "telemetry/call_metrics.h"

namespace tournant {

// grpc.health.v1 on our own event loops. gRPC's default health service brings two threads that poll
// the connections of every call beside ours: without them a call costs a quarter less CPU. And an
// answer from here proves that a loop turns.
//
// Owned by a server; outlives the grpc::Server and every call. Set, End and the constructor on any
// thread; calls run on the loops that they were accepted on.
class HealthService {
 public:
  // `calls` counts the frames of its calls and outlives them.
  explicit HealthService(CallCount& calls) : calls_(calls) {}

  // To register with the builder.
  grpc::Service& service() { return service_; }
  // Where the calls of a loop are counted, which both outlive; `check` and `watch` are the indices
  // of the methods.
  struct Counted {
    CallMetrics* calls = nullptr;  // Null: nowhere.
    const Clock* clock = nullptr;
    size_t check = 0;
    size_t watch = 0;
  };
  // Posts the slots on `loop`, whose queue is `queue`, before the loop runs. Once per queue.
  void Accept(CqLoop& loop, grpc::ServerCompletionQueue& queue, Counted counted);
  void Accept(CqLoop& loop, grpc::ServerCompletionQueue& queue) { Accept(loop, queue, Counted()); }

  // Says that `name` serves or does not, and tells those who watch it.
  void Set(const std::string& name, bool serving);
  // Ends every watch, UNAVAILABLE, and those that come later: a drain need not wait for them.
  void End();

 private:
  using Status = grpc::health::v1::HealthCheckResponse;
  class Watcher;
  class CountedCall;

  static Detached ServeCheck(HealthService& self, grpc::ServerCompletionQueue& queue,
                             Counted counted);
  static Detached ServeWatch(HealthService& self, CqLoop& loop, grpc::ServerCompletionQueue& queue,
                             Counted counted);
  Status::ServingStatus StateOf(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  grpc::health::v1::Health::AsyncService service_;
  CallCount& calls_;

  Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
  std::list<Watcher*> watchers_ ABSL_GUARDED_BY(mutex_);  // Each lives in its call's frame.
};

}  // namespace tournant
