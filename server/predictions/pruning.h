#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "predictions/log_files.h"

namespace tournant {

struct PruneLimits {
  // Of all files of the log.
  std::optional<uint64_t> max_bytes = std::nullopt;
  // Since a file was last written to.
  std::optional<std::chrono::milliseconds> max_age = std::nullopt;
};

// How long the mark of a run that has no end outlives the last of its files. A server that saves
// nothing for so long after they went, and then goes on with the same run, looks as if it had lost
// them.
inline constexpr std::chrono::hours kMarkOfSilentRun{30 * 24};

struct PruneSummary {
  uint64_t files = 0;  // That were deleted,
  uint64_t bytes = 0;  // and what they took.
};

// Deletes the oldest finished files of a log until it is within the limits; never one that is being
// written. Before a file goes it is read and marked (prune_mark.h), so that whoever is killed at
// any moment leaves a log of which a reader can tell what was pruned from what is lost. `deleted`
// hears each name. Servers may write meanwhile, and others prune: what is gone already counts with
// whoever deleted it. FAILED_PRECONDITION when two mark the same run at the same moment, ABORTED
// when one removes the mark just then; the next attempt goes on from there. One file is in memory
// at a time.
absl::StatusOr<PruneSummary> PrunePredictions(
    LogDirectory& directory, WallTime now, const PruneLimits& limits,
    const std::function<void(const std::string&)>& deleted);

}  // namespace tournant
