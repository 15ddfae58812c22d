#include "telemetry/otlp_exporter.h"

#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "base/mutex.h"
#include "base/thread.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace tournant {
namespace {

using ::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using ::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using ::opentelemetry::proto::collector::trace::v1::TraceService;

constexpr std::chrono::hours kForever{1};

class FakeCollector final : public TraceService::Service {
 public:
  grpc::Status Export(grpc::ServerContext* context, const ExportTraceServiceRequest* request,
                      ExportTraceServiceResponse* response) override {
    MutexLock lock(mutex_);
    request_ = *request;
    arrived_ = true;
    changed_.SignalAll();
    if (hang_) {
      while (!context->IsCancelled()) changed_.WaitFor(mutex_, std::chrono::milliseconds(1));
    }
    if (rejected_ > 0) response->mutable_partial_success()->set_rejected_spans(rejected_);
    return status_;
  }
  void WaitForCall() {
    MutexLock lock(mutex_);
    while (!arrived_) changed_.Wait(mutex_);
  }

  Mutex mutex_;
  CondVar changed_;
  bool arrived_ = false;
  bool hang_ = false;
  int64_t rejected_ = 0;
  grpc::Status status_;
  ExportTraceServiceRequest request_;
};

class OtlpExporterTest : public ::testing::Test {
 protected:
  OtlpExporterTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&collector_);
    server_ = builder.BuildAndStart();
    exporter_.emplace("127.0.0.1:" + std::to_string(port_),
                      OtlpResource{{"service.name", std::string("tournant-server")}});
  }
  ~OtlpExporterTest() override { server_->Shutdown(); }

  static Span Example() {
    Span span;
    span.context.trace_id.fill(0xab);
    span.context.span_id.fill(0xcd);
    span.context.sampled = true;
    span.parent.fill(0x12);
    span.state = "a=b";
    span.name = "compute";
    span.kind = SpanKind::kClient;
    span.start = WallTime(std::chrono::seconds(5));
    span.end = WallTime(std::chrono::seconds(6));
    span.attributes = {{"text", std::string("a\xff")}, {"number", int64_t{7}}, {"flag", true}};
    span.links = {span.context};
    span.failed = true;
    span.error = "why";
    return span;
  }

  FakeCollector collector_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::optional<OtlpExporter> exporter_;
};

TEST_F(OtlpExporterTest, SendsSpansWithAllThatTheyHold) {
  ASSERT_EQ(*exporter_->Export({Example()}, kForever), 0);
  const auto& group = collector_.request_.resource_spans(0);
  EXPECT_EQ(group.resource().attributes(0).key(), "service.name");
  EXPECT_EQ(group.resource().attributes(0).value().string_value(), "tournant-server");
  const auto& span = group.scope_spans(0).spans(0);
  EXPECT_EQ(span.trace_id(), std::string(16, '\xab'));
  EXPECT_EQ(span.span_id(), std::string(8, '\xcd'));
  EXPECT_EQ(span.parent_span_id(), std::string(8, '\x12'));
  EXPECT_EQ(span.trace_state(), "a=b");
  EXPECT_EQ(span.name(), "compute");
  EXPECT_EQ(span.kind(), opentelemetry::proto::trace::v1::Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(span.start_time_unix_nano(), 5'000'000'000u);
  EXPECT_EQ(span.end_time_unix_nano(), 6'000'000'000u);
  EXPECT_EQ(span.attributes(0).value().string_value(), "a\xef\xbf\xbd");
  EXPECT_EQ(span.attributes(1).value().int_value(), 7);
  EXPECT_TRUE(span.attributes(2).value().bool_value());
  EXPECT_EQ(span.links(0).trace_id(), std::string(16, '\xab'));
  EXPECT_EQ(span.status().code(), opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  EXPECT_EQ(span.status().message(), "why");
}

TEST_F(OtlpExporterTest, TellsHowManyTheCollectorRefused) {
  collector_.rejected_ = 3;
  EXPECT_EQ(*exporter_->Export({Example()}, kForever), 3);
}

TEST_F(OtlpExporterTest, GivesTheErrorOfTheCollector) {
  collector_.status_ = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "who are you");
  EXPECT_TRUE(absl::IsPermissionDenied(exporter_->Export({Example()}, kForever).status()));
}

TEST_F(OtlpExporterTest, SaysUnavailableWhereNobodyListens) {
  server_->Shutdown();
  EXPECT_TRUE(absl::IsUnavailable(exporter_->Export({Example()}, kForever).status()));
}

TEST_F(OtlpExporterTest, EndsWhatHangsWhenItIsCancelledAndStartsNothingMore) {
  collector_.hang_ = true;
  absl::Status ended;
  {
    const Thread exporting("export",
                           [&] { ended = exporter_->Export({Example()}, kForever).status(); });
    collector_.WaitForCall();
    exporter_->Cancel();
  }
  EXPECT_TRUE(absl::IsCancelled(ended));
  EXPECT_TRUE(absl::IsCancelled(exporter_->Export({Example()}, kForever).status()));
}

}  // namespace
}  // namespace tournant
