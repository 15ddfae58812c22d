#include "feature_store/key_probe.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "feature_store/request_rows.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

bool AnyPresent(const OnlineRows& rows) {
  for (const std::vector<StoredCell>& view : rows.views) {
    for (const StoredCell& cell : view) {
      if (cell.present) return true;
    }
  }
  return false;
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

bool KeyProbe::Wanted(const ReadPlan& plan, const OnlineRows& rows) {
  if (AnyPresent(rows) || !AnyAsked(rows)) return false;
  bool fresh = false;
  MutexLock lock(mutex_);
  for (const ViewRead& view : *plan.views) fresh |= probed_.insert(view.view).second;
  return fresh;
}

Task<void> KeyProbe::Run(const CallContext& call, OnlineStore& store, const ReadPlan& plan,
                         const feast::serving::GetOnlineFeaturesRequest& request,
                         size_t max_key_bytes) const {
  for (const KeyVersion version :
       {KeyVersion::kV3, KeyVersion::kV3Legacy, KeyVersion::kV2, KeyVersion::kV1}) {
    if (version == configured_) continue;
    const ReadPlan other = WithKeys(plan, version);
    absl::StatusOr<RequestRows> rows = ResolveRows(other, request, max_key_bytes);
    if (!rows.ok()) continue;
    OnlineRead read{other.views, std::move(rows->key_sets)};
    const absl::StatusOr<OnlineRows> stored = co_await store.Read(call, std::move(read));
    if (!stored.ok()) co_return;  // The store has other troubles, or the call has ended.
    if (!AnyPresent(*stored)) continue;
    Log(LogLevel::kWarning, "the store's entity keys have another version than the configured one",
        {{"view", other.views->front().view},
         {"key_version", KeyVersionName(configured_)},
         {"found", KeyVersionName(version)}});
    co_return;
  }
}

}  // namespace tournant
