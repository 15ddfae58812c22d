#pragma once

#include "absl/status/status.h"
#include "base/phase.h"

namespace tournant {

// The phase in which a call with this outcome ends.
inline Phase EndPhaseOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return Phase::kDone;
    case absl::StatusCode::kResourceExhausted:
      return Phase::kRejected;
    case absl::StatusCode::kDeadlineExceeded:
      return Phase::kExpired;
    case absl::StatusCode::kCancelled:
      return Phase::kCancelled;
    default:
      return Phase::kFailed;
  }
}

}  // namespace tournant
