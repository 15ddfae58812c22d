#include "feature_store/key_probe.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "feature_store/request_rows.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

constexpr std::chrono::seconds kPause{10};

// The index of the first view of which something is there; kNone if there is none.
constexpr size_t kNone = static_cast<size_t>(-1);
size_t FirstPresent(const OnlineRows& rows) {
  for (size_t view = 0; view < rows.views.size(); ++view) {
    for (const StoredCell& cell : rows.views[view]) {
      if (cell.present) return view;
    }
  }
  return kNone;
}

bool AnyAsked(const OnlineRows& rows) {
  return std::any_of(rows.views.begin(), rows.views.end(),
                     [](const std::vector<StoredCell>& view) { return !view.empty(); });
}

// The plan with keys as another version writes them.
ReadPlan WithKeys(const ReadPlan& plan, KeyVersion version) {
  ReadPlan other;
  other.key_columns = plan.key_columns;
  other.views = plan.views;
  for (const KeySetPlan& set : plan.key_sets) {
    other.key_sets.push_back(
        {EntityKeyLayout(version, set.layout.join_keys()), set.columns, set.view});
  }
  return other;
}

}  // namespace

bool KeyProbe::TakeTurn(const ReadPlan& plan, const OnlineRows& rows, TimePoint now) {
  if (FirstPresent(rows) != kNone || !AnyAsked(rows)) return false;
  bool due = false;
  MutexLock lock(mutex_);
  for (const ViewRead& view : *plan.views) {
    TimePoint& next = next_.try_emplace(view.view, TimePoint::min()).first->second;
    if (now < next) continue;
    next = now + kPause;
    due = true;
  }
  return due;
}

Task<void> KeyProbe::Run(const CallContext& call, OnlineStore& store, const ReadPlan& plan,
                         const feast::serving::GetOnlineFeaturesRequest& request,
                         size_t max_key_bytes) {
  std::string view;
  // Several, where they write a key alike: 1 and 2 differ in int64 only.
  std::vector<absl::string_view> hits;
  for (const KeyVersion version :
       {KeyVersion::kV3, KeyVersion::kV3Legacy, KeyVersion::kV2, KeyVersion::kV1}) {
    if (version == configured_) continue;
    const ReadPlan other = WithKeys(plan, version);
    absl::StatusOr<RequestRows> rows = ResolveRows(other, request, max_key_bytes);
    if (!rows.ok()) continue;
    OnlineRead read{other.views, std::move(rows->key_sets)};
    const absl::StatusOr<OnlineRows> stored = co_await store.Read(call, std::move(read));
    if (!stored.ok()) co_return;  // The store has other troubles, or the call has ended.
    const size_t present = FirstPresent(*stored);
    if (present == kNone) continue;
    view = (*other.views)[present].view;
    hits.push_back(KeyVersionName(version));
  }
  if (hits.empty()) co_return;
  {
    MutexLock lock(mutex_);
    next_[view] = TimePoint::max();
  }
  Log(LogLevel::kWarning, "the store's entity keys have another version than the configured one",
      {{"view", view},
       {"key_version", KeyVersionName(configured_)},
       {"found", absl::StrJoin(hits, " or ")}});
}

}  // namespace tournant
