#include "cpp/rpc_error.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tournant::client {
namespace {

std::chrono::milliseconds Milliseconds(const google::protobuf::Duration& delay) {
  return std::chrono::milliseconds(delay.seconds() * 1000 + delay.nanos() / 1'000'000);
}

}  // namespace

absl::Status FromRpc(const grpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::Status details;
  if (status.ok() || status.error_details().empty() ||
      !details.ParseFromString(status.error_details())) {
    return absl::Status(code, status.error_message());
  }
  std::string field;
  std::string reason;
  google::rpc::RetryInfo retry;
  bool has_retry = false;
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::BadRequest bad_request;
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        absl::StrAppend(&field, field.empty() ? "" : ", ", violation.field());
      }
    } else if (any.UnpackTo(&info)) {
      reason = info.reason();
    } else if (any.UnpackTo(&retry)) {
      has_retry = true;
    }
  }
  if (code == absl::StatusCode::kInvalidArgument && !field.empty()) {
    return InvalidField(field, status.error_message());
  }
  if (code == absl::StatusCode::kResourceExhausted && has_retry) {
    return Overloaded(reason, Milliseconds(retry.retry_delay()), status.error_message());
  }
  return absl::Status(code, status.error_message());
}

std::string ErrorText(const absl::Status& status) {
  std::string text = absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
  if (const std::string field = FieldOf(status); !field.empty()) {
    absl::StrAppend(&text, " (field ", field, ")");
  }
  if (const auto overload = OverloadOf(status); overload.has_value()) {
    absl::StrAppend(&text, " (", overload->reason, ", retry after ", overload->retry_after.count(),
                    " ms)");
  }
  return text;
}

}  // namespace tournant::client
