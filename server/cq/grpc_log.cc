#include "cq/grpc_log.h"

#include <grpc/support/log.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status.h"
#include "telemetry/log.h"
#include "telemetry/shared_log_limiter.h"

namespace tournant {

void LogGrpcAsOurs() {
  gpr_set_log_function([](gpr_log_func_args* line) {
    const LogLevel level = line->severity == GPR_LOG_SEVERITY_ERROR  ? LogLevel::kError
                           : line->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                     : LogLevel::kDebug;
    if (!LogEnabled(level)) return;
    // A peer can provoke them by what it sends, as often as it likes.
    static SharedLogLimiter& limiter = *new SharedLogLimiter;
    const std::optional<int64_t> others =
        limiter.Pass(absl::StrCat(line->file, ":", line->line), SystemClock().Now());
    if (!others) return;
    constexpr size_t kLongest = 1000;  // Errors carry whole trees of causes.
    Log(level, "gRPC",
        {{"text", Quote(line->message, kLongest)}, {"others_since_last_line", *others}});
  });
}

}  // namespace tournant
