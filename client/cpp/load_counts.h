#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cpp/latency_histogram.h"

namespace tournant::client {

// What became of the calls of one class, or of all. Plain values, also those below.
struct ClassCounts {
  int64_t offered = 0;  // Due while it was measured; sent or unsent.
  int64_t sent = 0;     // ok or failed, once all have ended.
  int64_t ok = 0;
  int64_t in_time = 0;           // Of `ok`: within the deadline, counted from when they were due.
  int64_t unsent_in_flight = 0;  // As many calls were in flight as may be.
  int64_t unsent_expired = 0;    // The deadline had passed when their turn came.
  std::map<absl::StatusCode, int64_t> errors;
  LatencyHistogram ok_latency;  // From when a call was due; so is the next.
  LatencyHistogram rejected_latency;

  int64_t unsent() const { return unsent_in_flight + unsent_expired; }
  int64_t failed() const { return sent - ok; }
  int64_t rejected() const;  // RESOURCE_EXHAUSTED: the server said that it has too much to do.
  void Merge(const ClassCounts& other);
};

// Whether the generator did what it was asked for.
struct GeneratorCounts {
  LatencyHistogram send_lag;  // How long after they were due calls were sent; of open loops.
  int64_t late = 0;           // Sent later than kLateAfter, or than a tenth of their deadline.
  // While calls were due and measured, of all threads together.
  Duration busy{};  // CPU time, gRPC's own threads included.
  Duration lasted{};
  int threads = 0;

  double LateShare() const;  // Of the calls sent, 0 to 1.
  double BusyCores() const;  // How many cores it kept busy; above `threads` with gRPC's threads.
  void Merge(const GeneratorCounts& other);
};

// What a load test came to, or one thread's part of it.
struct LoadCounts {
  std::vector<ClassCounts> classes;  // As in the mix.
  GeneratorCounts generator;
  std::map<absl::StatusCode, std::string> first_errors;  // The first message of each code.
  Duration measured{};                                   // Without the warm-up.
  bool interrupted = false;

  ClassCounts Total() const;
  void Merge(const LoadCounts& other);
};

inline constexpr std::chrono::milliseconds kLateAfter{1};

}  // namespace tournant::client
