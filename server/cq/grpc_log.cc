#include "cq/grpc_log.h"

#include <grpc/support/log.h>

#include "base/status.h"
#include "telemetry/log.h"

namespace tournant {

void LogGrpcAsOurs() {
  gpr_set_log_function([](gpr_log_func_args* line) {
    const LogLevel level = line->severity == GPR_LOG_SEVERITY_ERROR  ? LogLevel::kError
                           : line->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                     : LogLevel::kDebug;
    constexpr size_t kLongest = 1000;  // Errors carry whole trees of causes.
    Log(level, "gRPC", {{"text", Quote(line->message, kLongest)}});
  });
}

}  // namespace tournant
