#pragma once

#include <chrono>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/handoff.h"
#include "base/status.h"
#include "feature_store/online_store.h"

namespace tournant {

// A read between the call that awaits it and the threads of the store.
struct ReadJob : Handoff {
  explicit ReadJob(OnlineRead what) : read(std::move(what)) {}

  // Any thread of the store. Does nothing when the wait has ended already.
  void Finish(absl::StatusOr<OnlineRows> result) {
    if (!Claim()) return;
    rows = std::move(result);
    Resume();
  }

  const OnlineRead read;
  absl::StatusOr<OnlineRows> rows = absl::UnknownError("not read");
};

// What a read is refused with when `most` others are waiting. A store answers those in a few
// milliseconds or not at all.
inline absl::Status TooManyReads(size_t most) {
  return Overloaded("FEATURE_STORE_QUEUE_FULL", std::chrono::milliseconds(20),
                    absl::StrCat(most, " reads of the feature store are waiting"));
}

}  // namespace tournant
