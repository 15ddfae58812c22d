#include "bench/closed_loop.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/async_unary_call.h>

#include <chrono>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

constexpr std::chrono::seconds kConnectTimeout{10};

}  // namespace

// One of the outstanding calls.
struct ClosedLoop::Slot {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  TimePoint sent;
};

ClosedLoop::ClosedLoop(Options options, grpc::ByteBuffer request, const Clock& clock)
    : options_(std::move(options)), request_(std::move(request)), clock_(clock) {
  channel_ = grpc::CreateChannel(options_.address, grpc::InsecureChannelCredentials());
  stub_ = std::make_unique<grpc::GenericStub>(channel_);
}

ClosedLoop::~ClosedLoop() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) continue;
}

void ClosedLoop::Send(Slot& slot) {
  slot.reader.reset();
  slot.context.emplace();
  slot.sent = clock_.Now();
  slot.reader = stub_->PrepareUnaryCall(&*slot.context, options_.method, request_, &queue_);
  slot.reader->StartCall();
  slot.reader->Finish(&slot.answer, &slot.status, &slot);
}

void ClosedLoop::Drive(int64_t calls, TimePoint end, Result* result) {
  std::vector<Slot> slots(static_cast<size_t>(options_.outstanding));
  int64_t sent = 0;
  int64_t waiting = 0;
  const auto send = [&](Slot& slot) {
    if (sent == calls || (sent > 0 && clock_.Now() >= end)) return;
    ++sent;
    ++waiting;
    Send(slot);
  };
  for (Slot& slot : slots) send(slot);
  while (waiting > 0) {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    --waiting;
    Slot& slot = *static_cast<Slot*>(tag);
    if (result != nullptr) {
      ++result->calls;
      if (slot.status.ok()) {
        result->latencies.Add(clock_.Now() - slot.sent);
        result->answer_bytes = static_cast<int64_t>(slot.answer.Length());
      } else if (result->errors++ == 0) {
        result->first_error =
            absl::StrCat(slot.status.error_code(), ": ", slot.status.error_message());
      }
    }
    send(slot);
  }
}

absl::StatusOr<ClosedLoop::Result> ClosedLoop::Run() {
  if (!channel_->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout)) {
    return absl::UnavailableError(absl::StrCat("no server at ", options_.address));
  }
  Drive(options_.warmup_calls, TimePoint::max(), nullptr);
  Result result;
  const TimePoint start = clock_.Now();
  const bool counted = options_.calls > 0;
  Drive(counted ? options_.calls : std::numeric_limits<int64_t>::max(),
        counted ? TimePoint::max() : start + options_.duration, &result);
  result.elapsed = clock_.Now() - start;
  return result;
}

}  // namespace tournant
