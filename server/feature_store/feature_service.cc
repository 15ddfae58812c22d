#include "feature_store/feature_service.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cq/call_done.h"
#include "cq/cq_operation.h"
#include "cq/time_left.h"

namespace tournant {
namespace {

constexpr char kVersion[] = "tournant-feature-store " TOURNANT_VERSION;

// The call's own deadline within the server's limits, on our clock.
TimePoint DeadlineOf(const grpc::ServerContext& context, TimePoint now,
                     const FeatureService::Options& options) {
  const Duration left = TimeLeft(context).value_or(options.default_deadline);
  return now + std::min<Duration>(left, options.max_deadline);
}

grpc::Status ToGrpc(const absl::Status& status, grpc::ServerContext& context) {
  if (const auto overload = OverloadOf(status)) {
    context.AddTrailingMetadata("grpc-retry-pushback-ms",
                                absl::StrCat(overload->retry_after.count()));
  }
  const std::string field = FieldOf(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      absl::StrCat(field, field.empty() ? "" : ": ", status.message()));
}

// An answer's bytes while gRPC sends them. gRPC may free them on a thread of its own; that this
// comes after they were written is ordered by its locks, which ThreadSanitizer cannot see in
// Debian's library, and by `written`, which it can.
struct SentBytes {
  std::string bytes;
  std::atomic<bool> written{false};

  static void Free(void* held) {
    auto* const sent = static_cast<SentBytes*>(held);
    (void)sent->written.load(std::memory_order_acquire);
    delete sent;
  }
};

// A buffer that takes over the string's memory.
grpc::ByteBuffer ToBuffer(std::string bytes) {
  auto* const sent = new SentBytes{std::move(bytes)};
  sent->written.store(true, std::memory_order_release);
  const grpc::Slice slice(sent->bytes.data(), sent->bytes.size(), &SentBytes::Free, sent);
  return grpc::ByteBuffer(&slice, 1);
}

Phase EndOf(const absl::Status& status) {
  if (status.ok()) return Phase::kDone;
  if (absl::IsCancelled(status)) return Phase::kCancelled;
  if (absl::IsDeadlineExceeded(status)) return Phase::kExpired;
  if (absl::IsResourceExhausted(status)) return Phase::kRejected;
  return Phase::kFailed;
}

// One call's figures. Lives in the call's frame, from the call's arrival on.
class CountedCall {
 public:
  CountedCall(StoreMethod method, CallMetrics& calls, const Clock& clock, size_t received)
      : method_(static_cast<size_t>(method)),
        calls_(calls),
        clock_(clock),
        begun_(clock.Now()),
        received_(static_cast<int64_t>(received)) {
    calls_.OnStarted(method_);
  }
  void Finished(grpc::StatusCode code, size_t sent) {
    calls_.OnFinished(method_, code, clock_.Now() - begun_,
                      {.received = received_, .sent = static_cast<int64_t>(sent)});
  }

 private:
  const size_t method_;
  CallMetrics& calls_;
  const Clock& clock_;
  const TimePoint begun_;
  const int64_t received_;
};

// A method that needs no await: `accept` asks gRPC for its next call, `answer` answers it.
template <class Request, class Response>
struct PlainMethod {
  StoreMethod method;
  CallMetrics& calls;
  const Clock& clock;
  std::function<void(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Response>*,
                     void*)>
      accept;
  std::function<grpc::Status(Response*)> answer;
};

template <class Request, class Response>
Detached ServePlain(CallCount& live_calls, PlainMethod<Request, Response> method) {
  const CallCount::Member counted(live_calls);
  grpc::ServerContext context;
  Request request;
  Response response;
  grpc::ServerAsyncResponseWriter<Response> writer(&context);
  CallDone done(context);
  const bool started =
      co_await CqOperation([&](void* tag) { method.accept(&context, &request, &writer, tag); });
  if (!started) co_return;
  ServePlain(live_calls, method);

  CountedCall counted_call(method.method, method.calls, method.clock, request.ByteSizeLong());
  const grpc::Status status = method.answer(&response);
  co_await CqOperation([&](void* tag) {
    if (status.ok()) {
      writer.Finish(response, status, tag);
    } else {
      writer.FinishWithError(status, tag);
    }
  });
  counted_call.Finished(status.error_code(), status.ok() ? response.ByteSizeLong() : 0);
  co_await done;
}

template <class Response>
grpc::Status RefuseWrite(Response*) {
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "this server reads the online store and does not write to it");
}

}  // namespace

FeatureService::FeatureService(OnlineFeatures& features, CallMetrics& calls, const Clock& clock,
                               const Options& options)
    : features_(features), calls_(calls), clock_(clock), options_(options), limit_(options.limit) {}

void FeatureService::RegisterWith(grpc::ServerBuilder& builder) {
  builder.RegisterService(&serving_);
  builder.RegisterService(&python_);
}

void FeatureService::Accept(CqLoop& loop, grpc::ServerCompletionQueue& queue) {
  namespace serving = feast::serving;
  for (int i = 0; i < options_.slots; ++i) {
    ServeGetOnlineFeatures(*this, serving_, StoreMethod::kServingGetOnlineFeatures, loop, queue);
    ServeGetOnlineFeatures(*this, python_, StoreMethod::kPythonGetOnlineFeatures, loop, queue);
  }
  ServePlain<serving::GetFeastServingInfoRequest, serving::GetFeastServingInfoResponse>(
      live_calls_, {StoreMethod::kGetFeastServingInfo, calls_, clock_,
                    [this, &queue](auto* context, auto* request, auto* writer, void* tag) {
                      serving_.RequestGetFeastServingInfo(context, request, writer, &queue, &queue,
                                                          tag);
                    },
                    [](auto* response) {
                      response->set_version(kVersion);
                      return grpc::Status::OK;
                    }});
  ServePlain<PushRequest, PushResponse>(
      live_calls_, {StoreMethod::kPush, calls_, clock_,
                    [this, &queue](auto* context, auto* request, auto* writer, void* tag) {
                      python_.RequestPush(context, request, writer, &queue, &queue, tag);
                    },
                    RefuseWrite<PushResponse>});
  ServePlain<WriteToOnlineStoreRequest, WriteToOnlineStoreResponse>(
      live_calls_, {StoreMethod::kWriteToOnlineStore, calls_, clock_,
                    [this, &queue](auto* context, auto* request, auto* writer, void* tag) {
                      python_.RequestWriteToOnlineStore(context, request, writer, &queue, &queue,
                                                        tag);
                    },
                    RefuseWrite<WriteToOnlineStoreResponse>});
}

template <class Path>
Detached FeatureService::ServeGetOnlineFeatures(FeatureService& service, Path& path,
                                                StoreMethod method, CqLoop& loop,
                                                grpc::ServerCompletionQueue& queue) {
  const CallCount::Member counted(service.live_calls_);
  grpc::ServerContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer(&context);
  CallDone done(context);
  const bool started = co_await CqOperation([&](void* tag) {
    path.RequestGetOnlineFeatures(&context, &request, &writer, &queue, &queue, tag);
  });
  if (!started) co_return;  // Shutting down: `done` will never fire.
  ServeGetOnlineFeatures(service, path, method, loop, queue);

  CountedCall counted_call(method, service.calls_, service.clock_, request.Length());
  CallLimit::Place place(service.limit_);
  CallPhase phase(service.clock_, nullptr);
  const CallContext call{loop,
                         service.clock_,
                         DeadlineOf(context, service.clock_.Now(), service.options_),
                         done.cancelled(),
                         phase,
                         &context};
  absl::StatusOr<std::string> answer = co_await service.Answer(call, place, request);
  const size_t answer_bytes = answer.ok() ? answer->size() : 0;
  place.AddAnswer(answer_bytes);

  phase.Enter(Phase::kResponding);
  const absl::Status status = answer.status();
  co_await CqOperation([&](void* tag) {
    if (status.ok()) {
      response = ToBuffer(*std::move(answer));
      writer.Finish(response, grpc::Status::OK, tag);
    } else {
      writer.FinishWithError(ToGrpc(status, context), tag);
    }
  });
  phase.Enter(EndOf(status));
  counted_call.Finished(static_cast<grpc::StatusCode>(status.code()), answer_bytes);
  co_await done;
}

Task<absl::StatusOr<std::string>> FeatureService::Answer(const CallContext& call,
                                                         CallLimit::Place& place,
                                                         const grpc::ByteBuffer& request) {
  using feast::serving::GetOnlineFeaturesRequest;
  call.phase.Enter(Phase::kValidating);
  if (absl::Status admitted = place.Admit(request.Length()); !admitted.ok()) co_return admitted;
  google::protobuf::Arena arena;
  auto* parsed = google::protobuf::Arena::CreateMessage<GetOnlineFeaturesRequest>(&arena);
  grpc::ByteBuffer bytes(request);  // shares the slices; parsing consumes it
  const grpc::Status readable =
      grpc::SerializationTraits<GetOnlineFeaturesRequest>::Deserialize(&bytes, parsed);
  if (!readable.ok()) {
    co_return absl::InvalidArgumentError("the request is no GetOnlineFeaturesRequest");
  }
  call.phase.Enter(Phase::kAwaitingFeatures);
  co_return co_await features_.Get(call, *parsed);
}

}  // namespace tournant
