#include "inference/version_statistics.h"

#include <algorithm>

namespace tournant {

void VersionStatistics::Count(const Batch& batch, WallTime now) {
  MutexLock lock(mutex_);
  if (batch.attempted) totals_.last_inference = std::max(totals_.last_inference, now);
  for (const Execution& execution : batch.executions) {
    ++totals_.executions;
    BatchSize& size = totals_.batches[execution.rows];
    ++size.executions;
    size.times += execution.times;
  }
  totals_.rows += batch.rows;
  totals_.success.count += batch.calls;
  totals_.success.time += batch.total;
  totals_.computed += batch.calls;
  totals_.queued += batch.queued;
  totals_.compute += batch.compute;
}

void VersionStatistics::CountEmpty(Duration took) {
  MutexLock lock(mutex_);
  ++totals_.success.count;
  totals_.success.time += took;
}

void VersionStatistics::CountFailure(Duration took, CallFailure reason) {
  MutexLock lock(mutex_);
  ++totals_.failures[static_cast<size_t>(reason)];
  ++totals_.fail.count;
  totals_.fail.time += took;
}

VersionStatistics::Totals VersionStatistics::Read() const {
  MutexLock lock(mutex_);
  return totals_;
}

}  // namespace tournant
