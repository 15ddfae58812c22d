#include "telemetry/call_metrics.h"

#include <algorithm>

namespace tournant {
namespace {

size_t CodeIndex(int status_code) {
  constexpr size_t kUnknown = 2;
  const auto index = static_cast<size_t>(status_code);
  return index < CallMetrics::kStatusCodes ? index : kUnknown;
}

}  // namespace

CallMetrics::CallMetrics(std::vector<std::string> methods)
    : method_names_(std::move(methods)), methods_(method_names_.size()) {}

CallMetrics::~CallMetrics() {
  for (Method& method : methods_) {
    for (std::atomic<Endings*>& endings : method.by_code) delete endings.load();
  }
}

void CallMetrics::OnFinished(size_t method, int status_code, Duration total, MessageBytes bytes) {
  std::atomic<Endings*>& cell = methods_[method].by_code[CodeIndex(status_code)];
  Endings* endings = cell.load(std::memory_order_relaxed);
  if (endings == nullptr) {
    endings = new Endings;
    cell.store(endings, std::memory_order_release);
  }
  endings->received_bytes.Record(static_cast<uint64_t>(bytes.received));
  endings->sent_bytes.Record(static_cast<uint64_t>(bytes.sent));
  // The last one, so that whoever sees a call in it finds the call's bytes.
  endings->duration.Record(total);
}

CallMetrics::Ended CallMetrics::ended(size_t method, int status_code) const {
  const Endings* endings =
      methods_[method].by_code[CodeIndex(status_code)].load(std::memory_order_acquire);
  if (endings == nullptr) return {};
  return {endings->duration.Read(), endings->received_bytes.Read(), endings->sent_bytes.Read()};
}

void CallMetrics::OnPrediction(absl::string_view model, int status_code) {
  if (recent_codes_ == nullptr || recent_model_ != model) {
    recent_codes_ = &CodesOf(model);
    recent_model_.assign(model.data(), model.size());
  }
  (*recent_codes_)[CodeIndex(status_code)].Add();
}

CallMetrics::ModelCodes& CallMetrics::CodesOf(absl::string_view model)
    ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (const auto found = models_.find(model); found != models_.end()) return *found->second;
  const absl::string_view name = models_.size() < kMaxModels ? model : "other";
  MutexLock lock(models_mutex_);
  std::unique_ptr<ModelCodes>& codes = models_[name];
  if (codes == nullptr) codes = std::make_unique<ModelCodes>();
  return *codes;
}

void CallMetrics::ForEachModel(
    const std::function<void(const std::string&, int, int64_t)>& visit) const {
  MutexLock lock(models_mutex_);
  for (const auto& [model, codes] : models_) {
    for (size_t code = 0; code < kStatusCodes; ++code) {
      const int64_t count = (*codes)[code].value();
      if (count > 0) visit(model, static_cast<int>(code), count);
    }
  }
}

void CallMetrics::OnFeatures(const FeatureProvenance& features) {
  const auto counts = NamedCounts(features);
  for (size_t i = 0; i < kCellOutcomes; ++i) cells_[i].Add(counts[i].second);
  if (features.degraded) degraded_.Add();
  if (features.budget_exhausted) budgets_exhausted_.Add();
  unknown_age_.Add(features.unknown_age);
  from_future_.Add(features.from_future);
  if (features.oldest_age_ms >= 0) {
    feature_age_.Record(static_cast<uint64_t>(features.oldest_age_ms));
  }
}

absl::string_view CallMetrics::CellOutcomeName(size_t outcome) {
  return NamedCounts({})[outcome].first;
}

}  // namespace tournant
