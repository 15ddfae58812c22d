#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cpp/call_mix.h"
#include "cpp/call_sender.h"
#include "grpcpp/channel.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"

namespace tournant::client {

// Sends the same ModelInfer request again and again, over its channels in turn. Lean: the request
// is serialized once, answers are not parsed, calls are recycled, and one completion queue serves
// all channels. One thread; `clock` has to outlive it.
class GrpcCallSender final : public CallSender {
 public:
  // `classes` as in LoadCall::call_class; at least one channel. `senders` is how many there are.
  GrpcCallSender(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                 const grpc::ByteBuffer& request, std::vector<CallClass> classes, int senders,
                 const Clock& clock);
  ~GrpcCallSender() override;

  void Send(const LoadCall& call) override;
  // gRPC's own waits are good to 2 ms, so the last bit is waited for actively, giving the core to
  // whoever wants it.
  bool Next(TimePoint until, EndedCall& ended) override;
  void CancelAll() override;
  Duration BusyTime() const override;

 private:
  struct Slot;

  Slot& TakeSlot();
  void TakeEnd(Slot& slot, EndedCall& ended);
  WallTime Later(Duration by) const;  // What gRPC takes as a deadline.

  const std::string method_ = "/inference.GRPCInferenceService/ModelInfer";
  const grpc::ByteBuffer request_;
  const std::vector<CallClass> classes_;
  const int senders_;
  const Clock& clock_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  size_t next_stub_ = 0;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Slot>> slots_;  // As many as were ever in flight at once.
  std::vector<Slot*> idle_;
  std::string message_;
  Duration waited_actively_{};
};

}  // namespace tournant::client
