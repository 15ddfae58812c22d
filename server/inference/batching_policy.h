#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "admission/urgency.h"
#include "base/clock.h"

namespace tournant {

// How waiting calls become batches, and which workers run them. Pure functions of a snapshot; the
// WorkerPool is the thin shell around them.

// The jobs of one model version that may be executed together.
struct BatchSnapshot {
  int64_t waiting_rows = 0;    // At least 1.
  int64_t max_batch_size = 0;  // Of the config; 0: one job at a time.
  int64_t useful_rows = 0;     // Of the cost model: more in one batch would save nothing.
  int64_t preferred_rows = 0;  // See PreferredRows.
  Duration max_queue_delay{0};
  Duration oldest_wait{0};  // Looked at with a max_queue_delay only.
  int sharing = 1;          // Workers that will take a part, the asking one included.
  bool closing = false;     // The pool drains: waiting for more rows has no sense.
};

struct BatchDecision {
  // What to take now: the first job, and others while the sum stays within this. 0: wait.
  int64_t max_rows = 0;
  // How long, when nothing is to be taken yet.
  Duration wait{0};
};

// Work-conserving: a worker that asks takes its share of what waits, at once, up to the cap, or a
// preferred size when one can be formed. Only a config that sets max_queue_delay_microseconds makes
// it wait, until a batch is full or of a preferred size, or the oldest job has waited that long:
// then it takes what there is.
BatchDecision DecideBatch(const BatchSnapshot& snapshot);

// The largest of `preferred` that can be formed of the first jobs without splitting one; 0: none.
// `running_rows` are the rows of the first job, of the first two together and so on; both ascend.
int64_t PreferredRows(std::span<const int64_t> running_rows, std::span<const int64_t> preferred);

// The most rows that one batch may hold.
int64_t BatchCap(int64_t max_batch_size, int64_t useful_rows);

// How many of `free` workers (at least 1, the asking one) should share `work`: each needs as much
// as a wake-up is worth.
int WorkersWorthUsing(Duration work, int free, Duration wake_threshold);

struct WakeSnapshot {
  int sleeping = 0;
  int awake = 0;            // Computing, or about to look for work.
  Duration queued_work{0};  // Estimated cost of all that waits, what has just come included.
  Duration next_free{0};    // Until one of the awake workers looks for work again, estimated.
};
// Whether work that has just come needs one more worker. One is woken when none is awake. A second
// one costs a wake-up and a core: only for more work than that is worth, or when those who are
// awake are busy for much longer than that.
bool ShouldWake(const WakeSnapshot& snapshot, Duration wake_threshold);

// A model version that has jobs to take now.
struct QueueHead {
  TimePoint deadline;  // Of its most urgent job.
  Duration served{0};  // Computing time given to it, on a scale that lets newcomers in (see pool).
  Urgency urgency{};   // Of that job.
};
// The index of the one to serve: of those whose first job is as urgent as any,
// the earliest deadline among those that have not been given more than `slack` above the least
// served one. So deadlines decide, but within a class no model can take more than its share for
// longer than `slack`. `heads` is not empty.
size_t PickQueue(std::span<const QueueHead> heads, Duration slack);

}  // namespace tournant
