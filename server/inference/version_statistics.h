#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "absl/container/inlined_vector.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace tournant {

// The parts of an execution: gathering rows, the model's forward, handing out its rows.
struct ComputeTimes {
  Duration input{0};
  Duration infer{0};
  Duration output{0};

  ComputeTimes& operator+=(const ComputeTimes& other) {
    input += other.input;
    infer += other.infer;
    output += other.output;
    return *this;
  }
};

// Why a valid call ended without a result, in Triton's terms.
enum class CallFailure {
  kRejected,  // Refused, or its time ran out.
  kCanceled,  // The caller left.
  kBackend,   // The model failed.
  kOther,     // Its features could not be had.
};
inline constexpr size_t kCallFailures = 4;

// What a version has done since it was loaded, in the terms of ModelStatistics: counted before the
// call that it is about is answered, so that whoever asks next finds it.
//
// Owned by the version's ModelQueue. Thread-safe. Written once a batch by workers, and by calls
// that fail: one short lock in place of a dozen atomic additions, and a reader sees one moment.
class VersionStatistics {
 public:
  // An execution that gave results.
  struct Execution {
    int64_t rows = 0;
    ComputeTimes times;
  };
  // What a worker has to report at once.
  struct Batch {
    bool attempted = false;  // The model was executed, whatever came out.
    absl::InlinedVector<Execution, 1> executions;
    // Of the calls that were answered with a result.
    int64_t calls = 0;
    int64_t rows = 0;
    Duration total{0};     // Sum over the calls, from their arrival on,
    Duration queued{0};    // of that in the queue,
    ComputeTimes compute;  // and in executions, each of which counts for every call that was in it.

    void AddCall(int64_t call_rows, Duration took, Duration in_queue, const ComputeTimes& times) {
      ++calls;
      rows += call_rows;
      total += took;
      queued += in_queue;
      compute += times;
    }
  };
  struct Sum {
    int64_t count = 0;
    Duration time{0};
  };
  struct BatchSize {
    int64_t executions = 0;
    ComputeTimes times;
  };
  struct Totals {
    WallTime last_inference;  // Of an execution; zero before the first.
    int64_t rows = 0;         // In calls that were answered with a result.
    int64_t executions = 0;
    Sum success;
    Sum fail;
    std::array<int64_t, kCallFailures> failures{};  // `fail`, by reason.
    int64_t computed = 0;  // Calls that `queued` and `compute` are sums over.
    Duration queued{0};
    ComputeTimes compute;
    std::map<int64_t, BatchSize> batches;  // By rows.
  };

  // `now` counts where the model was attempted.
  void Count(const Batch& batch, WallTime now);
  // A call that had no rows to compute.
  void CountEmpty(Duration took);
  // A valid call that ended without a result: refused, late, cancelled or failed.
  void CountFailure(Duration took, CallFailure reason);

  Totals Read() const;

 private:
  mutable Mutex mutex_;
  Totals totals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
