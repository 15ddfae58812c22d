#include "features/fetch_codec.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "feast/serving/ServingService.pb.h"
#include "features/key_echo.h"
#include "features/value_reader.h"

namespace tournant {
namespace {

using feast::serving::FieldStatus;
using feast::serving::GetOnlineFeaturesResponse;

constexpr int kNoColumn = -1;

void SetKey(const KeyColumn& column, size_t row, feast::types::Value& value) {
  switch (column.type) {
    case ValueType::kString:
      value.set_string_val(column.texts[row].data(), column.texts[row].size());
      break;
    case ValueType::kBytes:
      value.set_bytes_val(column.texts[row].data(), column.texts[row].size());
      break;
    case ValueType::kInt32:
      value.set_int32_val(static_cast<int32_t>(column.integers[row]));
      break;
    case ValueType::kUnixTimestamp:
      value.set_unix_timestamp_val(column.integers[row]);
      break;
    default:
      value.set_int64_val(column.integers[row]);
      break;
  }
}

// Microseconds since 1970; unknown for 1970 and before, which servers send for "none".
int64_t EventTime(const google::protobuf::Timestamp& time) {
  constexpr int64_t kLatest = int64_t{1} << 40;  // Far beyond any date; keeps the product in range.
  if (time.seconds() < 0 || time.nanos() < 0) return FetchedFeatures::kUnknownTime;
  return std::min(time.seconds(), kLatest) * 1'000'000 + time.nanos() / 1000;
}

// The result column of each feature of the plan; kNoColumn for none. Full names win over short
// ones, and the first of equal names over later ones.
std::vector<int> MatchColumns(const FetchPlan& plan, const GetOnlineFeaturesResponse& message) {
  std::vector<int> columns(plan.features.size(), kNoColumn);
  const auto& names = message.metadata().feature_names().val();
  // A server may name more columns than it sends.
  const int count = std::min(names.size(), message.results_size());
  for (int i = 0; i < count; ++i) {
    const std::optional<size_t> feature = plan.FindByFullName(names[i]);
    if (feature && columns[*feature] == kNoColumn) columns[*feature] = i;
  }
  for (int i = 0; i < count; ++i) {
    const std::optional<size_t> feature = plan.FindByShortName(names[i]);
    if (feature && columns[*feature] == kNoColumn) columns[*feature] = i;
  }
  return columns;
}

void ReadCell(const GetOnlineFeaturesResponse::FeatureVector& column, size_t feature, size_t row,
              FetchedFeatures& fetched) {
  const int index = static_cast<int>(row);
  const bool has_status = index < column.statuses_size();
  const FieldStatus status =
      has_status ? column.statuses(index) : feast::serving::FieldStatus::NOT_FOUND;
  const int64_t time = index < column.event_timestamps_size()
                           ? EventTime(column.event_timestamps(index))
                           : FetchedFeatures::kUnknownTime;
  fetched.SetTime(feature, row, time, status == FieldStatus::OUTSIDE_MAX_AGE);
  if (ReadValue(column.values(index), feature, row, fetched)) return;
  const bool known = time != FetchedFeatures::kUnknownTime &&
                     (status == FieldStatus::PRESENT || status == FieldStatus::OUTSIDE_MAX_AGE);
  if (known || status == FieldStatus::NULL_VALUE) {
    fetched.SetNull(feature, row);
  } else if (has_status && status == FieldStatus::INVALID) {
    fetched.SetUnusable(feature, row);
  }
}

}  // namespace

void WriteFetchRequest(const FetchRequest& request,
                       feast::serving::GetOnlineFeaturesRequest& message) {
  const FetchPlan& plan = request.plan;
  std::vector<uint8_t> needed(plan.keys.size(), 0);
  if (!plan.feature_service.empty()) message.set_feature_service(plan.feature_service);
  for (size_t i = 0; i < plan.features.size(); ++i) {
    if (!request.wanted[i]) continue;
    if (plan.feature_service.empty()) message.mutable_features()->add_val(plan.features[i].ref);
    for (const size_t key : plan.features[i].keys) needed[key] = 1;
  }
  const size_t rows = static_cast<size_t>(request.rows);
  for (size_t i = 0; i < plan.keys.size(); ++i) {
    if (!needed[i]) continue;
    feast::types::RepeatedValue& values = (*message.mutable_entities())[plan.keys[i].name];
    values.mutable_val()->Reserve(static_cast<int>(rows));
    for (size_t row = 0; row < rows; ++row) SetKey(request.keys[i], row, *values.add_val());
  }
  message.set_full_feature_names(true);
}

absl::StatusOr<FetchedFeatures> ReadFetchResponse(const FetchRequest& request,
                                                  const GetOnlineFeaturesResponse& message) {
  const FetchPlan& plan = request.plan;
  const size_t rows = static_cast<size_t>(request.rows);
  if (absl::Status same_rows = CheckKeyEcho(request, message); !same_rows.ok()) return same_rows;
  FetchedFeatures fetched(plan.features.size(), rows);
  const std::vector<int> columns = MatchColumns(plan, message);
  for (size_t feature = 0; feature < plan.features.size(); ++feature) {
    if (!request.wanted[feature]) continue;
    if (columns[feature] == kNoColumn) {
      for (size_t row = 0; row < rows; ++row) fetched.SetUnusable(feature, row);
      continue;
    }
    const GetOnlineFeaturesResponse::FeatureVector& column = message.results(columns[feature]);
    if (column.values_size() != request.rows) {
      return absl::InternalError(absl::StrCat("the feature store answered ", column.values_size(),
                                              " rows of '", Quote(plan.features[feature].ref),
                                              "' instead of ", request.rows));
    }
    for (size_t row = 0; row < rows; ++row) ReadCell(column, feature, row, fetched);
  }
  return fetched;
}

}  // namespace tournant
