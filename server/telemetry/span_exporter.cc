#include "telemetry/span_exporter.h"

#include <algorithm>

namespace tournant {

bool MayExportAgain(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

std::chrono::milliseconds ExportBackoff::After(int failures) const {
  constexpr int kMostDoublings = 20;
  const int doublings = std::clamp(failures - 1, 0, kMostDoublings);
  return std::min(longest, first * (int64_t{1} << doublings));
}

}  // namespace tournant
