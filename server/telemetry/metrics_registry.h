#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "telemetry/counter_family.h"
#include "telemetry/histogram.h"

namespace prometheus {
class Collectable;
}

namespace tournant {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

struct MetricSample {
  MetricLabels labels;
  double value = 0;
};

enum class MetricKind { kCounter, kGauge };

// All samples of one name. `name` of a counter ends in `_total`.
struct MetricSamples {
  MetricKind kind;
  std::string name;
  std::string help;
  std::vector<MetricSample> samples;
};

struct HistogramSample {
  MetricLabels labels;
  HistogramSnapshot values;
};

// What the numbers in a histogram are.
enum class HistogramUnit {
  kSeconds,  // Recorded in nanoseconds.
  kAge,      // Recorded in milliseconds, shown in seconds.
  kCount,    // Shown from 1 to a million.
  kRows,     // Of a batch: from 1 to 4096.
  kBytes,    // Of messages: from 16 to 2^30.
};

// Everything that /metrics shows. Rooms register functions that read their own numbers, at each
// scrape, on the scraper's thread; so they need no lock on their hot path and know nothing of
// Prometheus. A name may be registered several times with different labels and is shown once.
//
// Owned by main. Any thread. What the functions read outlives the last call of Text; a function
// must not call back into the registry.
class MetricsRegistry {
 public:
  template <class T>
  using Read = std::function<std::vector<T>()>;

  MetricsRegistry();
  ~MetricsRegistry();

  // `name` of a counter ends in `_total`.
  void AddCounters(std::string name, std::string help, Read<MetricSample> read);
  void AddGauges(std::string name, std::string help, Read<MetricSample> read);
  void AddHistograms(std::string name, std::string help, HistogramUnit unit,
                     Read<HistogramSample> read);
  // The same with one sample and no labels.
  void AddCounter(std::string name, std::string help, std::function<double()> read);
  void AddGauge(std::string name, std::string help, std::function<double()> read);

  // Names whose values belong together, read as one: no scrape shows those of two moments.
  void AddTogether(Read<MetricSamples> read);

  // Counters that the caller raises himself. They live as long as the registry.
  CounterFamily& AddCounterFamily(std::string name, std::string help,
                                  std::vector<std::string> label_names);

  // For what needs more than the above.
  void Add(std::unique_ptr<prometheus::Collectable> source);

  // The text that Prometheus scrapes (format 0.0.4).
  std::string Text() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<prometheus::Collectable>> sources_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<CounterFamily>> families_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
