#include "rpc/status_codec.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/triton_code.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tournant {
namespace {

constexpr char kErrorDomain[] = "tournant";

// A text stands in the answer up to three times (message, details, violation), and clients refuse
// more than 8 KiB of trailers.
constexpr size_t kMaxMessage = 1500;

std::string MessageOf(const absl::Status& status) {
  std::string message(status.message().substr(0, kMaxMessage));
  if (status.message().size() > kMaxMessage) message += "...";
  return message;
}

}  // namespace

grpc::StatusCode WireCode(const absl::Status& status, StatusDialect dialect) {
  if (dialect == StatusDialect::kTournant) return static_cast<grpc::StatusCode>(status.code());
  if (const auto code = TritonCodeOf(status)) return static_cast<grpc::StatusCode>(*code);
  switch (status.code()) {
    // A full queue, a timeout, a load where none is allowed.
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kFailedPrecondition:
      return grpc::StatusCode::UNAVAILABLE;
    default:
      return static_cast<grpc::StatusCode>(status.code());
  }
}

grpc::Status ToWire(const absl::Status& status, StatusDialect dialect,
                    grpc::ServerContext& context) {
  if (status.ok()) return grpc::Status::OK;
  const grpc::StatusCode code = WireCode(status, dialect);
  const std::string message = MessageOf(status);

  google::rpc::Status rich;
  if (const std::string field = FieldOf(status); !field.empty()) {
    google::rpc::BadRequest bad_request;
    google::rpc::BadRequest::FieldViolation* violation = bad_request.add_field_violations();
    violation->set_field(field);
    violation->set_description(message);
    rich.add_details()->PackFrom(bad_request);
  }
  if (const std::optional<OverloadInfo> overload = OverloadOf(status)) {
    const int64_t milliseconds = overload->retry_after.count();
    // Clients that retry by themselves take a negative number for "do not" (gRFC A6).
    context.AddTrailingMetadata("grpc-retry-pushback-ms", absl::StrCat(milliseconds));
    google::rpc::ErrorInfo info;
    info.set_reason(overload->reason);
    info.set_domain(kErrorDomain);
    if (overload->predicted_wait) {
      (*info.mutable_metadata())["predicted_wait_ms"] =
          absl::StrCat(overload->predicted_wait->count());
    }
    rich.add_details()->PackFrom(info);
    if (overload->retry_after != kNever) {
      google::rpc::RetryInfo retry;
      retry.mutable_retry_delay()->set_seconds(milliseconds / 1000);
      retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(milliseconds % 1000 * 1'000'000));
      rich.add_details()->PackFrom(retry);
    }
  }
  if (rich.details_size() == 0) return grpc::Status(code, message);
  rich.set_code(static_cast<int32_t>(code));
  rich.set_message(message);
  return grpc::Status(code, message, rich.SerializeAsString());
}

}  // namespace tournant
