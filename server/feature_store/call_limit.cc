#include "feature_store/call_limit.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

// Longer than most answers take.
constexpr std::chrono::milliseconds kRetryAfter{100};

}  // namespace

absl::Status CallLimit::Place::Admit(size_t request_bytes) {
  const CallLimitOptions& options = limit_.options_;
  const int64_t bytes = Add(static_cast<int64_t>(request_bytes));
  if (limit_.calls_.load() > options.max_calls) {
    limit_.refused_for_calls_.Add();
    return Overloaded("TOO_MANY_CALLS", kRetryAfter,
                      absl::StrCat(options.max_calls, " calls are in flight already"));
  }
  if (bytes > options.max_bytes) {
    limit_.refused_for_bytes_.Add();
    return Overloaded("TOO_MANY_BYTES", kRetryAfter,
                      absl::StrCat("requests and answers in flight hold ", bytes,
                                   " bytes, more than ", options.max_bytes));
  }
  return absl::OkStatus();
}

}  // namespace tournant
