#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace tournant {

// Which codes overload, timeouts and absent versions are answered with.
enum class StatusDialect {
  kTournant,  // RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED: what gRPC's own rules say.
  kTriton,    // Only codes that Triton gives, each where Triton gives it.
};

// The code that `status` is answered with.
grpc::StatusCode WireCode(const absl::Status& status, StatusDialect dialect);

// The answer for `status`. What base/status.h attached becomes google.rpc details in
// `grpc-status-details-bin` (BadRequest, ErrorInfo, RetryInfo), and an overload also sets the
// trailer `grpc-retry-pushback-ms` (gRFC A6). Call it before Finish, on the call's loop.
grpc::Status ToWire(const absl::Status& status, StatusDialect dialect,
                    grpc::ServerContext& context);

}  // namespace tournant
