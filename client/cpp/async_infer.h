#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "grpcpp/completion_queue.h"
#include "inference/grpc_service.grpc.pb.h"

namespace tournant::client {

// Many ModelInfer calls at once over one completion queue, driven by the thread that uses it: no
// thread of its own, no lock. Calls, their contexts and answers are recycled. One thread; `stub`
// and `clock` have to outlive it. The destructor cancels what is in flight and waits for its end.
class AsyncInfer {
 public:
  struct Options {
    size_t concurrency = 32;  // Calls in flight at once.
    std::chrono::milliseconds deadline = std::chrono::seconds(5);
  };

  // The end of one call. `response` holds until the callback returns; it is empty on an error.
  using Done = std::function<void(uint64_t id, const absl::Status& status,
                                  const inference::ModelInferResponse& response, Duration latency)>;

  AsyncInfer(inference::GRPCInferenceService::Stub& stub, const Clock& clock,
             const Options& options, Done done);
  AsyncInfer(const AsyncInfer&) = delete;
  AsyncInfer& operator=(const AsyncInfer&) = delete;
  ~AsyncInfer();

  size_t in_flight() const { return in_flight_; }
  bool full() const { return in_flight_ == options_.concurrency; }

  // Sends a call; the caller sees to it that the pool is not full. `id` comes back with its end.
  void Start(uint64_t id, const inference::ModelInferRequest& request);
  // Waits until one call has ended and reports it; false when none is in flight.
  bool Wait();

 private:
  struct Call;

  inference::GRPCInferenceService::Stub& stub_;
  const Clock& clock_;
  const Options options_;
  const Done done_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<Call*> idle_;
  size_t in_flight_ = 0;
};

}  // namespace tournant::client
