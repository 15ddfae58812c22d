#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "telemetry/counter.h"

namespace tournant {

// Counters of one name, one for each combination of label values. Any thread. For events that are
// rare or whose labels are few: keep the reference that At gives where it matters.
class CounterFamily {
 public:
  explicit CounterFamily(std::vector<std::string> label_names)
      : label_names_(std::move(label_names)) {}

  // The counter for these values, one for each label name, in their order; missing ones are empty.
  // The reference lives as long as the family.
  Counter& At(std::vector<std::string> values);

  const std::vector<std::string>& label_names() const { return label_names_; }
  std::vector<std::pair<std::vector<std::string>, uint64_t>> Read() const;

 private:
  const std::vector<std::string> label_names_;
  mutable Mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<Counter>> counters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
