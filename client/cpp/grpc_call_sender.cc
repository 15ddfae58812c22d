#include "cpp/grpc_call_sender.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "grpcpp/client_context.h"
#include "grpcpp/support/async_unary_call.h"

namespace tournant::client {
namespace {

// How much later than asked for a wait of gRPC may end: it counts in milliseconds and rounds both
// ends.
constexpr std::chrono::milliseconds kWaitError{2};

// Of RUSAGE_THREAD or RUSAGE_SELF.
Duration CpuTime(int whose) {
  rusage usage{};
  getrusage(whose, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// A number that is no code is UNKNOWN.
absl::StatusCode CodeOf(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), "").code();
}

}  // namespace

struct GrpcCallSender::Slot {
  LoadCall call;
  std::optional<grpc::ClientContext> context;  // Set while the call is in flight.
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
};

GrpcCallSender::GrpcCallSender(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                               const grpc::ByteBuffer& request, std::vector<CallClass> classes,
                               int senders, const Clock& clock)
    : request_(request), classes_(std::move(classes)), senders_(senders), clock_(clock) {
  for (const auto& channel : channels) {
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channel));
  }
}

GrpcCallSender::~GrpcCallSender() {
  CancelAll();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) continue;
}

GrpcCallSender::Slot& GrpcCallSender::TakeSlot() {
  if (idle_.empty()) {
    slots_.push_back(std::make_unique<Slot>());
    return *slots_.back();
  }
  // The last one that became idle: its memory is the warmest.
  Slot& slot = *idle_.back();
  idle_.pop_back();
  return slot;
}

void GrpcCallSender::Send(const LoadCall& call) {
  Slot& slot = TakeSlot();
  slot.call = call;
  const CallClass& kind = classes_[call.call_class];
  grpc::ClientContext& context = slot.context.emplace();
  context.set_deadline(Later(kind.deadline - (call.sent - call.due)));
  if (!kind.criticality.empty()) context.AddMetadata(kCriticalityKey, kind.criticality);
  slot.reader = stubs_[next_stub_]->PrepareUnaryCall(&context, method_, request_, &queue_);
  if (++next_stub_ == stubs_.size()) next_stub_ = 0;
  slot.reader->StartCall();
  slot.reader->Finish(&slot.answer, &slot.status, &slot);
}

bool GrpcCallSender::Next(TimePoint until, EndedCall& ended) {
  void* tag = nullptr;
  bool ok = false;
  std::optional<Duration> spent;  // When the last active wait began.
  for (;;) {
    const Duration left = until - clock_.Now();
    const bool actively = left <= kWaitError;
    const grpc::CompletionQueue::NextStatus next =
        actively ? queue_.AsyncNext(&tag, &ok, gpr_inf_past(GPR_CLOCK_MONOTONIC))
                 : queue_.AsyncNext(&tag, &ok, Later(left - kWaitError));
    if (next == grpc::CompletionQueue::GOT_EVENT) {
      TakeEnd(*static_cast<Slot*>(tag), ended);
      return true;
    }
    if (clock_.Now() >= until) return false;
    if (!actively) continue;
    sched_yield();
    const Duration spent_now = CpuTime(RUSAGE_THREAD);
    if (spent.has_value()) waited_actively_ += spent_now - *spent;
    spent = spent_now;
  }
}

void GrpcCallSender::TakeEnd(Slot& slot, EndedCall& ended) {
  message_ = slot.status.ok() ? std::string() : slot.status.error_message();
  ended = {.call = slot.call, .code = CodeOf(slot.status), .message = message_};
  slot.reader.reset();
  slot.context.reset();
  slot.answer.Clear();
  idle_.push_back(&slot);
}

void GrpcCallSender::CancelAll() {
  for (const std::unique_ptr<Slot>& slot : slots_) {
    if (slot->context.has_value()) slot->context->TryCancel();
  }
}

WallTime GrpcCallSender::Later(Duration by) const {
  return clock_.WallNow() + std::chrono::duration_cast<WallTime::duration>(by);
}

Duration GrpcCallSender::BusyTime() const {
  return std::max(Duration(0), CpuTime(RUSAGE_SELF) / senders_ - waited_actively_);
}

}  // namespace tournant::client
