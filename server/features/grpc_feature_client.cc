#include "features/grpc_feature_client.h"

#include <google/protobuf/arena.h>
#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cq/cq_loop.h"
#include "cq/cq_operation.h"
#include "feast/serving/ServingService.pb.h"
#include "features/fetch_codec.h"
#include "features/fetch_outcome.h"
#include "telemetry/client_span.h"

namespace tournant {
namespace {

using feast::serving::GetOnlineFeaturesRequest;
using feast::serving::GetOnlineFeaturesResponse;

// gRPC's codes are absl's; what the store says is quoted, since it may be anything.
//
// Two codes do not mean here what they mean elsewhere. A call that nobody here can have cancelled
// was ended by the store or by something on the way; one that inherits its caller's cancellation
// may have it before we know. An answer above a limit is the fault of the request, and no sign of a
// store with too much to do.
absl::Status FetchError(const grpc::Status& status, const grpc::ClientContext& context,
                        bool inherits) {
  auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kCancelled && !inherits) code = absl::StatusCode::kUnavailable;
  if (code == absl::StatusCode::kResourceExhausted &&
      absl::StrContains(status.error_message(), "larger than max")) {
    code = absl::StatusCode::kOutOfRange;
  }
  absl::Status error(code, absl::StrCat("feature store: ", Quote(status.error_message(), 512)));
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  if (pushback == trailers.end()) return error;
  return WithPushback(std::move(error),
                      ParsePushback({pushback->second.data(), pushback->second.size()}));
}

// The fetch serves this call alone, so it inherits the caller's cancellation.
std::unique_ptr<grpc::ClientContext> MakeContext(const CallContext& call, TimePoint deadline) {
  auto context = call.rpc == nullptr ? std::make_unique<grpc::ClientContext>()
                                     : grpc::ClientContext::FromServerContext(*call.rpc);
  // As a span of time: gRPC's clock has an origin of its own.
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
      std::max(deadline - call.clock.Now(), Duration::zero()));
  context->set_deadline(gpr_time_from_micros(left.count(), GPR_TIMESPAN));
  return context;
}

void PassOn(const ClientSpan& span, grpc::ClientContext& context) {
  context.AddMetadata("traceparent", span.traceparent());
  if (!span.tracestate().empty()) context.AddMetadata("tracestate", span.tracestate());
}

// False: it is cut off or garbled.
bool Parse(grpc::ByteBuffer& answer, GetOnlineFeaturesResponse& response) {
  return grpc::SerializationTraits<GetOnlineFeaturesResponse>::Deserialize(&answer, &response).ok();
}

struct Canceller {
  grpc::ClientContext* context;
  void operator()() const { context->TryCancel(); }
};

}  // namespace

GrpcFeatureClient::GrpcFeatureClient(std::vector<std::shared_ptr<grpc::Channel>> channels,
                                     std::string method, std::shared_ptr<AttemptMetrics> attempts)
    : method_(std::move(method)), attempts_(std::move(attempts)) {
  for (std::shared_ptr<grpc::Channel>& channel : channels) stubs_.emplace_back(std::move(channel));
}

GrpcFeatureClient::GrpcFeatureClient(std::shared_ptr<grpc::Channel> channel, std::string method,
                                     std::shared_ptr<AttemptMetrics> attempts)
    : GrpcFeatureClient(std::vector{std::move(channel)}, std::move(method), std::move(attempts)) {}

GrpcFeatureClient::~GrpcFeatureClient() = default;

Task<absl::StatusOr<FetchedFeatures>> GrpcFeatureClient::Fetch(const CallContext& call,
                                                               const FetchRequest& request) {
  if (absl::Status alive = call.Alive(); !alive.ok()) co_return alive;
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<GetOnlineFeaturesRequest>(&arena);
  auto* response = google::protobuf::Arena::CreateMessage<GetOnlineFeaturesResponse>(&arena);
  WriteFetchRequest(request, *message);

  grpc::CompletionQueue& queue = static_cast<CqLoop&>(call.home).queue();
  const std::unique_ptr<grpc::ClientContext> context = MakeContext(call, request.deadline);
  std::optional<ClientSpan> span;
  if (call.trace != nullptr) PassOn(span.emplace(call, method_), *context);
  const auto reader = NextStub().PrepareUnaryCall(context.get(), method_, *message, &queue);
  grpc::ByteBuffer answer;
  grpc::Status status;
  const TimePoint start = call.clock.Now();
  if (attempts_ != nullptr) attempts_->OnStarted();
  {
    const std::stop_callback on_cancel(call.cancelled, Canceller{context.get()});
    reader->StartCall();
    // The tag always comes back: at the deadline at the latest.
    co_await CqOperation([&](void* tag) { reader->Finish(&answer, &status, tag); });
  }
  if (attempts_ != nullptr) {
    const MessageBytes bytes{.received = static_cast<int64_t>(answer.Length()),
                             .sent = message->GetCachedSize()};
    attempts_->OnFinished(status.error_code(), call.clock.Now() - start, bytes);
  }
  if (span) span->End(static_cast<absl::StatusCode>(status.error_code()), request.rows);
  if (absl::Status alive = call.Alive(); !alive.ok()) co_return alive;
  if (!status.ok()) co_return FetchError(status, *context, call.rpc != nullptr);
  if (!Parse(answer, *response)) {
    co_return absl::InternalError("feature store: its answer is no GetOnlineFeaturesResponse");
  }
  co_return ReadFetchResponse(request, *response);
}

}  // namespace tournant
