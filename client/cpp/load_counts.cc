#include "cpp/load_counts.h"

#include <algorithm>

namespace tournant::client {

int64_t ClassCounts::rejected() const {
  const auto found = errors.find(absl::StatusCode::kResourceExhausted);
  return found == errors.end() ? 0 : found->second;
}

void ClassCounts::Merge(const ClassCounts& other) {
  offered += other.offered;
  sent += other.sent;
  ok += other.ok;
  in_time += other.in_time;
  unsent_in_flight += other.unsent_in_flight;
  unsent_expired += other.unsent_expired;
  for (const auto& [code, count] : other.errors) errors[code] += count;
  ok_latency.Merge(other.ok_latency);
  rejected_latency.Merge(other.rejected_latency);
}

double GeneratorCounts::LateShare() const {
  const uint64_t sent = send_lag.count();
  return sent == 0 ? 0 : static_cast<double>(late) / static_cast<double>(sent);
}

double GeneratorCounts::BusyCores() const {
  if (lasted <= Duration(0)) return 0;
  return threads * (std::chrono::duration<double>(busy) / lasted);
}

void GeneratorCounts::Merge(const GeneratorCounts& other) {
  send_lag.Merge(other.send_lag);
  late += other.late;
  busy += other.busy;
  lasted += other.lasted;
  threads += other.threads;
}

ClassCounts LoadCounts::Total() const {
  ClassCounts total;
  for (const ClassCounts& one : classes) total.Merge(one);
  return total;
}

void LoadCounts::Merge(const LoadCounts& other) {
  classes.resize(std::max(classes.size(), other.classes.size()));
  for (size_t i = 0; i < other.classes.size(); ++i) classes[i].Merge(other.classes[i]);
  generator.Merge(other.generator);
  first_errors.insert(other.first_errors.begin(), other.first_errors.end());
  measured = std::max(measured, other.measured);
  interrupted = interrupted || other.interrupted;
}

}  // namespace tournant::client
