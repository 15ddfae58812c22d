#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "predictions/log_counters.h"

namespace tournant {

enum class StoreOutcome {
  kFailed,   // Not stored; another attempt may succeed.
  kDurable,  // Stored.
  kRefused,  // Not stored, and never will be: it is too large, for example.
};

// What makes the records of a log durable: files, a stream of lines, a broker. Owned by the
// PredictionLog and used by its writer thread only, but for Interrupt and Trouble. It may block for
// as long as it likes; nobody but the writer waits for it.
class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // Makes the payloads durable and returns OK. On an error `outcomes`, which is kFailed for each of
  // them when it comes in, tells what became of each.
  virtual absl::Status Append(std::span<const std::string> payloads,
                              std::vector<StoreOutcome>& outcomes) = 0;
  // What is done without a record when its time has come, and when that is.
  virtual Duration UntilUpkeep() const { return Duration::max(); }
  virtual absl::Status Upkeep() { return absl::OkStatus(); }
  // Nothing will be appended any more. `end` is what became of all records of the run, for stores
  // that can mark its end.
  virtual absl::Status Finish(const PredictionLogCounters& end) = 0;
  // Any thread: an Append that is going on should give up what it can, and end.
  virtual void Interrupt() {}
  // Any thread: what an Append that is going on has met and still hopes to overcome.
  virtual absl::Status Trouble() const { return absl::OkStatus(); }
};

}  // namespace tournant
