#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "telemetry/call_metrics.h"
#include "telemetry/counter.h"
#include "telemetry/histogram.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// The RPCs that this process makes to one target by one method, in the terms of gRPC's proposal
// A66, where each is an attempt. Owned by the stub and by whoever reports it. Thread-safe: a short
// lock an attempt.
class AttemptMetrics {
 public:
  // `method` is a path as gRPC has it, with or without the first slash.
  AttemptMetrics(absl::string_view method, std::string target);

  void OnStarted() { started_.Add(); }
  // Codes out of range count as UNKNOWN.
  void OnFinished(int status_code, Duration took, MessageBytes bytes);

  const std::string& method() const { return method_; }
  const std::string& target() const { return target_; }
  uint64_t started() const { return started_.value(); }
  // (status code, figures) of each that has occurred.
  std::vector<std::pair<int, CallMetrics::Ended>> Read() const;

 private:
  // Histograms take one writer at a time, and may be read without the lock.
  struct Endings {
    Histogram duration;
    Histogram received_bytes;
    Histogram sent_bytes;
  };

  const std::string method_;
  const std::string target_;
  Counter started_;
  mutable Mutex mutex_;
  std::map<int, std::unique_ptr<Endings>> by_code_ ABSL_GUARDED_BY(mutex_);
};

// Registers grpc_client_attempt_* for what `read` gives at each scrape.
void RegisterAttempts(const std::function<std::vector<const AttemptMetrics*>()>& read,
                      MetricsRegistry& registry);

}  // namespace tournant
