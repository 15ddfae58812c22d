#include "features/grpc_feature_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <functional>
#include <optional>

#include "base/mutex.h"
#include "base/thread.h"
#include "cq/cq_loop.h"
#include "fakes/in_process_tsan.h"
#include "fakes/kept_spans.h"
#include "feast/serving/GrpcServer.grpc.pb.h"
#include "feast/serving/ServingService.grpc.pb.h"
#include "features/fetch_outcome.h"
#include "features/testing.h"
#include "gtest/gtest.h"
#include "telemetry/trace_scope.h"
#include "telemetry/tracer.h"

namespace tournant {
namespace {

using feast::serving::FieldStatus;
using feast::serving::GetOnlineFeaturesRequest;
using feast::serving::GetOnlineFeaturesResponse;
using std::chrono::milliseconds;

constexpr char kFeastMethod[] = "/feast.serving.ServingService/GetOnlineFeatures";

// A value that one thread waits for and another one sets.
template <class T>
class Promise {
 public:
  void Set(T value) {
    MutexLock lock(mutex_);
    value_.emplace(std::move(value));
    set_.SignalAll();
  }
  T Wait() {
    MutexLock lock(mutex_);
    while (!value_) set_.Wait(mutex_);
    return std::move(*value_);
  }

 private:
  Mutex mutex_;
  CondVar set_;
  std::optional<T> value_ ABSL_GUARDED_BY(mutex_);
};

using Handler = std::function<grpc::Status(grpc::ServerContext*, const GetOnlineFeaturesRequest*,
                                           GetOnlineFeaturesResponse*)>;

// How a service answers. Set by the test's thread and used by the server's.
class Script {
 public:
  void Set(Handler handler) {
    MutexLock lock(mutex_);
    handler_ = std::move(handler);
  }
  Handler Get() {
    MutexLock lock(mutex_);
    return handler_;
  }

 private:
  Mutex mutex_;
  Handler handler_ ABSL_GUARDED_BY(mutex_);
};

template <class Service>
class Scripted final : public Service {
 public:
  Script script;
  grpc::Status GetOnlineFeatures(grpc::ServerContext* context,
                                 const GetOnlineFeaturesRequest* request,
                                 GetOnlineFeaturesResponse* response) override {
    return script.Get()(context, request, response);
  }
};

// A feature service in this process, of both names, that answers as told.
class FakeStore {
 public:
  FakeStore() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&feast_);
    builder.RegisterService(&python_);
    server_ = builder.BuildAndStart();
  }
  ~FakeStore() { server_->Shutdown(); }

  void Answer(Handler handler) { feast_.script.Set(std::move(handler)); }
  void AnswerAsPython(Handler handler) { python_.script.Set(std::move(handler)); }
  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel({}); }

 private:
  Scripted<feast::serving::ServingService::Service> feast_;
  Scripted<GrpcFeatureServer::Service> python_;
  std::unique_ptr<grpc::Server> server_;
};

// Goes on on the loop's own thread, where a call lives.
struct Move {
  EventLoop& loop;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) { loop.Post(handle); }
  void await_resume() const noexcept {}
};

class GrpcFeatureClientTest : public ::testing::Test {
 protected:
  GrpcFeatureClientTest() {
    plan_.features = {{"v:a", {0}}};
    plan_.keys = {{"k", ValueType::kInt64, 0}};
    plan_.Index();
  }
  ~GrpcFeatureClientTest() override { loop_.Shutdown(); }

  using Fetched = absl::StatusOr<FetchedFeatures>;

  Detached Run(FeatureClient& client, const grpc::ServerContext* rpc, Duration timeout,
               Promise<Fetched>& result) {
    co_await Move{loop_};
    std::optional<Fetched> fetched;
    {
      CallPhase phase(clock_, nullptr);
      const TimePoint now = clock_.Now();
      const CallContext call{loop_, clock_, now + std::chrono::hours(1), stop_.get_token(), phase,
                             rpc,   trace_};
      const FetchRequest request{plan_, keys_, wanted_, 1, now + timeout};
      fetched.emplace(co_await client.Fetch(call, request));
    }
    result.Set(*std::move(fetched));
  }
  Fetched Fetch(Duration timeout = std::chrono::hours(1)) {
    GrpcFeatureClient client(store_.channel(), method_, attempts_);
    Promise<Fetched> result;
    Run(client, nullptr, timeout, result);
    return result.Wait();
  }

  static grpc::Status AnswerSeven(const GetOnlineFeaturesRequest* request,
                                  GetOnlineFeaturesResponse* response) {
    response->mutable_metadata()->mutable_feature_names()->add_val("v__a");
    auto* column = response->add_results();
    column->add_values()->set_int64_val(request->entities().at("k").val(0).int64_val() * 7);
    column->add_statuses(FieldStatus::PRESENT);
    column->add_event_timestamps()->set_seconds(10);
    return grpc::Status::OK;
  }

  FetchPlan plan_;
  std::vector<KeyColumn> keys_{{ValueType::kInt64, {6}, {}}};
  std::vector<uint8_t> wanted_{1};
  std::string method_ = kFeastMethod;
  std::shared_ptr<AttemptMetrics> attempts_;
  std::stop_source stop_;
  const TraceScope* trace_ = nullptr;

  SystemClock clock_;
  // Of handlers that may still run when the test's body has ended: longer-lived than the store.
  Promise<bool> arrived_;
  Promise<bool> release_;
  Promise<Fetched> result_;
  Promise<absl::Status> ended_;
  FakeStore store_;
  CqLoop loop_{std::make_unique<grpc::CompletionQueue>(), clock_};
  Thread thread_{"loop", [this] { loop_.Run(); }};
};

TEST_F(GrpcFeatureClientTest, FetchesValues) {
  store_.Answer(
      [](auto*, const auto* request, auto* response) { return AnswerSeven(request, response); });
  const Fetched fetched = Fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ(fetched->element(0, 0, 0).integer, 42);
  EXPECT_EQ(fetched->event_time_us(0, 0), 10'000'000);
}

TEST_F(GrpcFeatureClientTest, TellsTheStoreTheTraceOfTheCallAndRecordsItsOwnPart) {
  KeptSpans sink;
  Tracer tracer(sink, clock_, {.seed = 1});
  const TraceScope trace{&tracer, tracer.NewTrace(), tracer.NewTrace(), "vendor=x", {}};
  trace_ = &trace;
  std::string traceparent;
  std::string tracestate;
  store_.Answer([&](grpc::ServerContext* context, const auto* request, auto* response) {
    const auto& metadata = context->client_metadata();
    const auto text = [&](const char* name) {
      const auto found = metadata.find(name);
      return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
    };
    traceparent = text("traceparent");
    tracestate = text("tracestate");
    return AnswerSeven(request, response);
  });
  ASSERT_TRUE(Fetch().ok());
  const Span sent = sink.WaitFor("Sent.feast.serving.ServingService.GetOnlineFeatures");
  EXPECT_EQ(sent.parent, trace.parent.span_id);
  EXPECT_EQ(traceparent, FormatTraceparent(sent.context));
  EXPECT_EQ(tracestate, "vendor=x");
}

TEST_F(GrpcFeatureClientTest, AttemptsAreCountedWithTheirStatusAndBytes) {
  attempts_ = std::make_shared<AttemptMetrics>(kFeastMethod, "here");
  uint64_t asked = 0;
  uint64_t answered = 0;
  store_.Answer([&](auto*, const auto* request, auto* response) {
    asked = request->ByteSizeLong();
    const grpc::Status status = AnswerSeven(request, response);
    answered = response->ByteSizeLong();
    return status;
  });
  ASSERT_TRUE(Fetch().ok());
  store_.Answer([](auto*, const auto*, auto*) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "later");
  });
  EXPECT_FALSE(Fetch().ok());
  EXPECT_EQ(attempts_->started(), 2u);
  const auto ended = attempts_->Read();
  ASSERT_EQ(ended.size(), 2u);
  EXPECT_EQ(ended[0].first, grpc::StatusCode::OK);
  EXPECT_EQ(ended[0].second.duration.count(), 1u);
  EXPECT_EQ(ended[0].second.sent_bytes.sum(), asked);
  EXPECT_EQ(ended[0].second.received_bytes.sum(), answered);
  EXPECT_EQ(ended[1].first, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ended[1].second.sent_bytes.sum(), asked);
  EXPECT_EQ(ended[1].second.received_bytes.sum(), 0u);
}

TEST_F(GrpcFeatureClientTest, TheMethodIsASetting) {
  method_ = "/GrpcFeatureServer/GetOnlineFeatures";
  store_.AnswerAsPython(
      [](auto*, const auto* request, auto* response) { return AnswerSeven(request, response); });
  ASSERT_TRUE(Fetch().ok());
  method_ = "/no.Such/Method";
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kUnimplemented);
}

TEST_F(GrpcFeatureClientTest, KeepsTheStoresCodeAndText) {
  for (const auto code : {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::RESOURCE_EXHAUSTED,
                          grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::UNKNOWN}) {
    store_.Answer([code](auto*, const auto*, auto*) { return grpc::Status(code, "no\nluck"); });
    const absl::Status status = Fetch().status();
    EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code));
    EXPECT_EQ(status.message(), "feature store: no\\nluck");
  }
}

TEST_F(GrpcFeatureClientTest, AnAnswerAboveALimitSpeaksOfTheRequestNotOfTheStore) {
  store_.Answer([](auto*, const auto*, auto*) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                        "Received message larger than max (9 vs. 4)");
  });
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(GrpcFeatureClientTest, ACancelThatIsNotOursIsTroubleOnTheWay) {
  store_.Answer([](auto*, const auto*, auto*) { return grpc::Status::CANCELLED; });
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(GrpcFeatureClientTest, KeepsTheStoresPushback) {
  store_.Answer([](grpc::ServerContext* context, const auto*, auto*) {
    context->AddTrailingMetadata("grpc-retry-pushback-ms", "7");
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "later");
  });
  const auto pushback = PushbackOf(Fetch().status());
  ASSERT_TRUE(pushback);
  EXPECT_TRUE(pushback->retry);
  EXPECT_EQ(pushback->wait, milliseconds(7));
}

TEST_F(GrpcFeatureClientTest, AStoreThatIsNotThereIsUnavailable) {
  GrpcFeatureClient client(
      grpc::CreateChannel("unix:///nonexistent/socket", grpc::InsecureChannelCredentials()),
      kFeastMethod);
  Promise<Fetched> result;
  Run(client, nullptr, std::chrono::hours(1), result);
  EXPECT_EQ(result.Wait().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(GrpcFeatureClientTest, TheDeadlineEndsTheWaitForASilentStore) {
  store_.Answer([this](auto*, const auto*, auto*) {
    release_.Wait();
    return grpc::Status::OK;
  });
  EXPECT_EQ(Fetch(milliseconds(5)).status().code(), absl::StatusCode::kDeadlineExceeded);
  release_.Set(true);
}

TEST_F(GrpcFeatureClientTest, TheStoreSeesTheDeadlineOfTheFetch) {
  Promise<bool> has_deadline;
  store_.Answer([&](grpc::ServerContext* context, const auto* request, auto* response) {
    has_deadline.Set(context->raw_deadline().tv_sec != gpr_inf_future(GPR_CLOCK_REALTIME).tv_sec);
    return AnswerSeven(request, response);
  });
  ASSERT_TRUE(Fetch().ok());
  EXPECT_TRUE(has_deadline.Wait());
}

TEST_F(GrpcFeatureClientTest, ACallerWhoLeavesEndsTheFetch) {
  store_.Answer([this](auto*, const auto*, auto*) {
    arrived_.Set(true);
    release_.Wait();
    return grpc::Status::OK;
  });
  GrpcFeatureClient client(store_.channel(), kFeastMethod);
  Promise<Fetched> result;
  Run(client, nullptr, std::chrono::hours(1), result);
  arrived_.Wait();
  stop_.request_stop();
  EXPECT_EQ(result.Wait().status().code(), absl::StatusCode::kCancelled);
  release_.Set(true);
}

TEST_F(GrpcFeatureClientTest, ACallerWhoHasLeftFetchesNothing) {
  store_.Answer([](auto*, const auto*, auto*) -> grpc::Status {
    ADD_FAILURE() << "the store was asked";
    return grpc::Status::OK;
  });
  stop_.request_stop();
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(GrpcFeatureClientTest, AnAnswerWithoutTheRowsIsAnError) {
  store_.Answer([](auto*, const auto*, GetOnlineFeaturesResponse* response) {
    response->mutable_metadata()->mutable_feature_names()->add_val("v__a");
    response->add_results();
    return grpc::Status::OK;
  });
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kInternal);
}

TEST_F(GrpcFeatureClientTest, NothingOfAGarbledAnswerIsUsed) {
  store_.Answer([](auto*, const auto*, GetOnlineFeaturesResponse* response) {
    response->mutable_metadata()->mutable_feature_names()->add_val("v__a");
    // One more of the results, whose bytes are no message.
    response->GetReflection()->MutableUnknownFields(response)->AddLengthDelimited(
        GetOnlineFeaturesResponse::kResultsFieldNumber, "\xff");
    return grpc::Status::OK;
  });
  const absl::Status status = Fetch().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "feature store: its answer is no GetOnlineFeaturesResponse");
}

// The fetch belongs to a call of another server: when that call is cancelled by its client, so is
// the fetch, by gRPC itself.
TEST_F(GrpcFeatureClientTest, TheFetchInheritsTheCancellationOfItsCall) {
  store_.Answer([this](auto*, const auto*, auto*) {
    arrived_.Set(true);
    release_.Wait();
    return grpc::Status::OK;
  });
  GrpcFeatureClient client(store_.channel(), kFeastMethod);
  FakeStore front;
  front.Answer([&](grpc::ServerContext* context, const auto*, auto*) {
    Run(client, context, std::chrono::hours(1), result_);
    ended_.Set(result_.Wait().status());
    return grpc::Status::OK;
  });
  const auto stub = feast::serving::ServingService::NewStub(front.channel());
  grpc::ClientContext outer;
  const Thread canceller("canceller", [&] {
    arrived_.Wait();
    outer.TryCancel();
  });
  GetOnlineFeaturesResponse response;
  EXPECT_EQ(stub->GetOnlineFeatures(&outer, {}, &response).error_code(),
            grpc::StatusCode::CANCELLED);
  EXPECT_EQ(ended_.Wait().code(), absl::StatusCode::kCancelled);
  release_.Set(true);
}

}  // namespace
}  // namespace tournant
