#pragma once

#include <atomic>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "inference/batch_runner.h"
#include "inference/model_queue.h"
#include "inference/own_count.h"
#include "inference/taken_batch.h"
#include "inference/worker_pool.h"

namespace tournant {

// One thread of the pool, and what it has at hand.
struct WorkerPool::Worker {
  Worker(int index, const Clock& clock, Tracer* tracer) : index(index), runner(clock, tracer) {}

  const int index;

  // Guarded by the pool's lock.
  bool asleep = false;
  bool watches = false;  // Asleep until something is due that is being delayed.
  bool has_control = false;
  TimePoint free_at;  // Estimated; while it is awake.
  CondVar wake;       // Waits under the pool's lock.

  // When it should have ended what it executes; min: nothing. Written by its own thread.
  std::atomic<TimePoint> busy_until{TimePoint::min()};

  // Its own thread only.
  ModelQueue* queue = nullptr;  // Of `taken`, whose jobs keep it alive.
  TakenBatch taken;
  BatchRunner runner;

  // Written by its own thread.
  OwnCount ok, failed, expired, shed, unwanted, executions, rows, computed_ns, wasted_ns;

  Thread thread;
};

}  // namespace tournant
