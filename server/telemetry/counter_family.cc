#include "telemetry/counter_family.h"

namespace tournant {

Counter& CounterFamily::At(std::vector<std::string> values) {
  values.resize(label_names_.size());
  MutexLock lock(mutex_);
  std::unique_ptr<Counter>& counter = counters_[std::move(values)];
  if (counter == nullptr) counter = std::make_unique<Counter>();
  return *counter;
}

std::vector<std::pair<std::vector<std::string>, uint64_t>> CounterFamily::Read() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<std::vector<std::string>, uint64_t>> all;
  all.reserve(counters_.size());
  for (const auto& [values, counter] : counters_) all.emplace_back(values, counter->value());
  return all;
}

}  // namespace tournant
