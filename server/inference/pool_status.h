#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tournant {

// What a pool has done since it was made. Of the jobs that Submit took,
// accepted = ok + failed + expired + shed + unwanted + those that wait or are being executed.
struct PoolCounts {
  int64_t accepted = 0;
  int64_t rejected = 0;    // Queue full. Not part of `accepted`.
  int64_t ok = 0;          // Answered with a result,
  int64_t failed = 0;      // with an error of the model,
  int64_t expired = 0;     // with DEADLINE_EXCEEDED, by a worker,
  int64_t shed = 0;        // with RESOURCE_EXHAUSTED, after it had been taken.
  int64_t unwanted = 0;    // The call ended by itself, by its own timer or because the caller left.
  int64_t executions = 0;  // Runs of a model that gave results,
  int64_t rows = 0;        // and the rows in them.
  Duration computed{0};    // Time that executions took,
  Duration wasted{0};      // and the part of it for calls that had ended before they were answered.
};

// What waits for one model version.
struct QueueStatus {
  std::string model;
  int64_t version = 0;
  int64_t jobs = 0;
  int64_t rows = 0;
  Duration backlog{0};  // Estimated cost of it.
};

// A pool at one moment.
struct PoolStatus {
  int workers = 0;
  int awake = 0;          // Computing, or about to look for work.
  int64_t executing = 0;  // Jobs that workers execute at the moment.
  // For how long the longest of the executions for calls has been going; zero when there is none.
  // Warming up is not among them: it may take as long as it takes, and readiness waits for it.
  Duration longest_execution{0};
  PoolCounts counts;
  std::vector<QueueStatus> queues;  // Those where something waits.
};

}  // namespace tournant
