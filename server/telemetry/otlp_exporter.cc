#include "telemetry/otlp_exporter.h"

#include <google/protobuf/arena.h>
#include <grpc/support/time.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace tournant {
namespace {

using ::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using ::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using ::opentelemetry::proto::collector::trace::v1::TraceService;

std::shared_ptr<grpc::Channel> Connect(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  // A collector that comes back is found when the queue asks again, not after gRPC's two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return grpc::CreateCustomChannel(absl::StrCat("dns:///", endpoint),
                                   grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

struct OtlpExporter::Connection {
  explicit Connection(const std::string& endpoint)
      : stub(TraceService::NewStub(Connect(endpoint))) {}

  const std::unique_ptr<TraceService::Stub> stub;
  Mutex mutex;
  grpc::ClientContext* calling ABSL_GUARDED_BY(mutex) = nullptr;
  bool cancelled ABSL_GUARDED_BY(mutex) = false;
};

OtlpExporter::OtlpExporter(const std::string& endpoint, OtlpResource resource)
    : resource_(std::move(resource)), connection_(std::make_unique<Connection>(endpoint)) {}

OtlpExporter::~OtlpExporter() = default;

absl::StatusOr<int64_t> OtlpExporter::Export(const std::vector<Span>& spans, Duration timeout) {
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<ExportTraceServiceRequest>(&arena);
  auto* response = google::protobuf::Arena::CreateMessage<ExportTraceServiceResponse>(&arena);
  EncodeSpans(spans, resource_, *request);

  grpc::ClientContext context;
  context.set_deadline(gpr_time_from_micros(
      std::chrono::duration_cast<std::chrono::microseconds>(timeout).count(), GPR_TIMESPAN));
  {
    MutexLock lock(connection_->mutex);
    if (connection_->cancelled) return absl::CancelledError("the exporter ends");
    connection_->calling = &context;
  }
  const grpc::Status status = connection_->stub->Export(&context, *request, response);
  {
    MutexLock lock(connection_->mutex);
    connection_->calling = nullptr;
  }
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        Quote(status.error_message(), 256));
  }
  return response->partial_success().rejected_spans();
}

void OtlpExporter::Cancel() {
  MutexLock lock(connection_->mutex);
  connection_->cancelled = true;
  if (connection_->calling != nullptr) connection_->calling->TryCancel();
}

}  // namespace tournant
