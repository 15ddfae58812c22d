#include "feature_store/online_features.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "feast/serving/ServingService.pb.h"
#include "feature_store/answer.h"
#include "feature_store/read_plan.h"
#include "feature_store/request_rows.h"

namespace tournant {
namespace {

int64_t WholeSeconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

OnlineFeatures::OnlineFeatures(std::shared_ptr<const FeatureRegistry> registry, OnlineStore& store,
                               const Options& options, StoreMetrics* metrics)
    : store_(store),
      options_(options),
      metrics_(metrics),
      plans_(std::move(registry), options.layout, options.max_plans),
      key_probe_(options.layout.key_version) {}

Task<absl::StatusOr<OnlineRows>> OnlineFeatures::Read(const CallContext& call, OnlineRead read) {
  const TimePoint begun = call.clock.Now();
  absl::StatusOr<OnlineRows> rows = co_await store_.Read(call, std::move(read));
  if (metrics_ != nullptr) metrics_->OnRead(rows.status(), call.clock.Now() - begun);
  co_return rows;
}

Task<absl::StatusOr<std::string>> OnlineFeatures::Get(
    const CallContext& call, const feast::serving::GetOnlineFeaturesRequest& request) {
  const absl::StatusOr<std::shared_ptr<const ReadPlan>> plan = plans_.PlanFor(request);
  if (!plan.ok()) co_return plan.status();
  absl::StatusOr<RequestRows> rows = ResolveRows(**plan, request, options_.max_key_bytes);
  if (!rows.ok()) co_return rows.status();
  const size_t columns = (*plan)->key_columns.size() + (*plan)->features.size();
  if (rows->count > options_.max_cells / columns) {
    co_return InvalidField(
        "entities", absl::StrCat(rows->count, " rows by ", columns, " columns are more than the ",
                                 options_.max_cells, " cells of one answer"));
  }

  OnlineRead read{(*plan)->views, std::move(rows->key_sets)};
  absl::StatusOr<OnlineRows> stored = co_await Read(call, std::move(read));
  if (!stored.ok()) co_return stored.status();
  if (key_probe_.TakeTurn(**plan, *stored, call.clock.Now())) {
    co_await key_probe_.Run(call, store_, **plan, request, options_.max_key_bytes);
  }
  StatusCounts cells{};
  absl::StatusOr<std::string> answer = EncodeAnswer(
      **plan, *rows, *stored, WholeSeconds(call.clock.WallNow()),
      request.include_feature_view_version_metadata(), options_.max_answer_bytes, cells);
  if (metrics_ != nullptr && answer.ok()) metrics_->OnAnswer(rows->count, cells);
  co_return answer;
}

}  // namespace tournant
