#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "bench/latencies.h"

namespace tournant {

// Keeps a fixed number of unary calls outstanding on one channel, all with the same bytes, and
// measures them. Lean: one completion queue, one thread (the caller's), requests serialized once,
// answers not parsed. One run per object; one thread only.
class ClosedLoop {
 public:
  struct Options {
    std::string address;
    std::string method;
    int outstanding = 1;
    int64_t warmup_calls = 0;  // Not measured.
    int64_t calls = 0;         // Measured; 0: as many as come back within `duration`.
    Duration duration{};
  };

  struct Result {
    int64_t calls = 0;  // Errors included.
    int64_t errors = 0;
    std::string first_error;
    int64_t answer_bytes = 0;  // Of the last good answer.
    Duration elapsed{};
    Latencies latencies{1 << 20};  // Of good answers.
  };

  ClosedLoop(Options options, grpc::ByteBuffer request, const Clock& clock);
  ~ClosedLoop();

  // UNAVAILABLE when there is no server.
  absl::StatusOr<Result> Run();

 private:
  struct Slot;

  // Runs through `calls`, or until `end` if that is earlier.
  void Drive(int64_t calls, TimePoint end, Result* result);
  void Send(Slot& slot);

  const Options options_;
  const grpc::ByteBuffer request_;
  const Clock& clock_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
  grpc::CompletionQueue queue_;
};

}  // namespace tournant
