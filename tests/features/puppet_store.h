#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/handoff.h"
#include "base/mutex.h"
#include "features/feature_client.h"

namespace tournant {

// A feature store that answers when the test says so. Fetches may come from any loop, and be
// answered by any thread.
//
// The value of a feature is the sum of its row's keys, texts read as numbers, plus a tenth of the
// feature's index. A row with a key "absent" is absent.
class PuppetStore final : public FeatureClient {
 public:
  // One fetch as it came.
  struct Held final : Handoff {
    std::vector<std::vector<std::string>> rows;  // The keys that were sent, column by column.
    std::vector<uint8_t> wanted;
    TimePoint deadline;
    bool ended = false;  // Answered, or nobody waits for it. For a test's only thread.
    absl::StatusOr<FetchedFeatures> answer = FetchedFeatures();
  };

  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    const auto held = std::make_shared<Held>();
    held->wanted = request.wanted;
    held->deadline = request.deadline;
    held->rows.resize(static_cast<size_t>(request.rows));
    for (const KeyColumn& column : request.keys) {
      for (size_t row = 0; row < column.integers.size(); ++row) {
        held->rows[row].push_back(std::to_string(column.integers[row]));
      }
      for (size_t row = 0; row < column.texts.size(); ++row) {
        held->rows[row].emplace_back(column.texts[row]);
      }
    }
    held->answer = Answered(request);
    if (at_once) {
      Keep(held);
      held->ended = true;
      if (!error.ok()) co_return error;
      co_return std::move(held->answer);
    }
    const absl::Status waited = co_await HandoffAwaiter(call, *held, [&] {
      Keep(held);
      return absl::OkStatus();
    });
    held->ended = true;
    if (!waited.ok()) co_return waited;
    co_return std::move(held->answer);
  }

  // False when nobody waits any more.
  bool Answer(size_t index) { return Release(index, absl::OkStatus()); }
  bool Fail(size_t index, absl::Status error) { return Release(index, std::move(error)); }

  size_t fetches() const {
    MutexLock lock(mutex_);
    return held_.size();
  }
  Held& fetch(size_t index) const {
    MutexLock lock(mutex_);
    return *held_[index];
  }

  bool at_once = false;  // Answer each fetch when it comes, with `error` if that is one.
  absl::Status error;

  static double ValueOf(double keys, size_t feature) {
    return keys + 0.1 * static_cast<double>(feature);
  }

 private:
  static FetchedFeatures Answered(const FetchRequest& request) {
    FetchedFeatures fetched(request.plan.features.size(), static_cast<size_t>(request.rows));
    for (size_t row = 0; row < fetched.rows(); ++row) {
      double sum = 0;
      bool absent = false;
      for (const KeyColumn& column : request.keys) {
        if (!column.integers.empty()) sum += static_cast<double>(column.integers[row]);
        if (column.texts.empty()) continue;
        const std::string text(column.texts[row]);
        sum += std::atof(text.c_str());
        absent = absent || text == "absent";
      }
      for (size_t feature = 0; feature < fetched.features() && !absent; ++feature) {
        if (request.wanted[feature]) fetched.SetFloating(feature, row, ValueOf(sum, feature));
      }
    }
    return fetched;
  }
  void Keep(std::shared_ptr<Held> held) {
    MutexLock lock(mutex_);
    held_.push_back(std::move(held));
  }
  bool Release(size_t index, absl::Status error) {
    Held& held = fetch(index);
    if (!held.Claim()) return false;
    if (!error.ok()) held.answer = std::move(error);
    held.Resume();
    return true;
  }

  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Held>> held_ ABSL_GUARDED_BY(mutex_);
};

// Views `v` (features v:a, v:b by the text k) and `w` (w:c by k and the integer n).
inline FetchPlan TwoViewsPlan() {
  FetchPlan plan;
  plan.features = {{"v:a", {0}}, {"v:b", {0}}, {"w:c", {0, 1}}};
  plan.keys = {{"k", ValueType::kString, 0}, {"n", ValueType::kInt64, 1}};
  plan.Index();
  return plan;
}

}  // namespace tournant
