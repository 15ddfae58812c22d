#include "feature_store/request_rows.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "feast/serving/ServingService.pb.h"

namespace tournant {
namespace {

using feast::types::Value;

std::string ColumnField(absl::string_view column) {
  return absl::StrCat("entities[", Quote(column), "]");
}

const Value& ImpliedKey() {
  static const Value* const value = [] {
    auto* empty = new Value();
    empty->set_string_val("");
    return empty;
  }();
  return *value;
}

// Sorted, since the order of a map changes from one parse to the next and messages should not.
absl::Status RaggedColumns(const feast::serving::GetOnlineFeaturesRequest& request) {
  std::vector<std::string> columns;
  for (const auto& [name, values] : request.entities()) {
    columns.push_back(absl::StrCat(Quote(name), " ", values.val_size()));
  }
  std::sort(columns.begin(), columns.end());
  return InvalidField("entities", absl::StrCat("columns have different numbers of values: ",
                                               Quote(absl::StrJoin(columns, ", "), 512)));
}

// All columns count, those that no view needs as well: rows that are ragged anywhere are a mistake.
absl::StatusOr<size_t> CountRows(const ReadPlan& plan,
                                 const feast::serving::GetOnlineFeaturesRequest& request) {
  // Views without entities have one row even when no key is sent.
  if (request.entities().empty()) return plan.key_columns.empty() ? size_t{1} : size_t{0};
  const int count = request.entities().begin()->second.val_size();
  for (const auto& [name, values] : request.entities()) {
    if (values.val_size() != count) return RaggedColumns(request);
  }
  return static_cast<size_t>(count);
}

absl::Status FindColumns(const ReadPlan& plan,
                         const feast::serving::GetOnlineFeaturesRequest& request,
                         RequestRows& rows) {
  for (size_t i = 0; i < plan.key_columns.size(); ++i) {
    const auto column = request.entities().find(plan.key_columns[i]);
    if (column != request.entities().end()) {
      rows.key_columns.push_back(&column->second);
      continue;
    }
    std::string view;
    for (const KeySetPlan& set : plan.key_sets) {
      for (const size_t used : set.columns) {
        if (used == i) view = set.view;
      }
    }
    return InvalidField(
        ColumnField(plan.key_columns[i]),
        absl::StrCat("is missing: feature view '", Quote(view), "' is keyed by it"));
  }
  return absl::OkStatus();
}

absl::Status SerializeKeys(const ReadPlan& plan, const KeySetPlan& set, size_t max_key_bytes,
                           RequestRows& rows) {
  std::vector<std::string>& keys = rows.key_sets.emplace_back();
  std::vector<size_t>& key_of_row = rows.key_of_row.emplace_back(rows.count, RequestRows::kNoKey);
  absl::flat_hash_map<std::string, size_t> known;
  std::vector<const Value*> values(set.columns.size(), &ImpliedKey());
  std::string key;
  for (size_t row = 0; row < rows.count; ++row) {
    for (size_t i = 0; i < set.columns.size(); ++i) {
      if (set.columns[i] != KeySetPlan::kImplied) {
        values[i] = &rows.key_columns[set.columns[i]]->val(static_cast<int>(row));
      }
    }
    key.clear();
    const absl::Status appended = set.layout.Append(values, &key);
    if (absl::IsOutOfRange(appended)) continue;
    if (!appended.ok()) {
      return InvalidField("entities", absl::StrCat("row ", row, ": ", appended.message()));
    }
    if (key.size() > max_key_bytes) {
      return InvalidField(
          "entities",
          absl::StrCat("row ", row, ": the key of feature view '", Quote(set.view), "' is ",
                       key.size(), " bytes, at most ", max_key_bytes, " are served"));
    }
    if (rows.count == 1) {
      keys.push_back(std::move(key));
      key_of_row[row] = 0;
      return absl::OkStatus();
    }
    const auto [entry, added] = known.emplace(key, keys.size());
    if (added) keys.push_back(key);
    key_of_row[row] = entry->second;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RequestRows> ResolveRows(const ReadPlan& plan,
                                        const feast::serving::GetOnlineFeaturesRequest& request,
                                        size_t max_key_bytes) {
  RequestRows rows;
  const absl::StatusOr<size_t> count = CountRows(plan, request);
  if (!count.ok()) return count.status();
  rows.count = *count;
  absl::Status status = FindColumns(plan, request, rows);
  if (!status.ok()) return status;
  for (const KeySetPlan& set : plan.key_sets) {
    status = SerializeKeys(plan, set, max_key_bytes, rows);
    if (!status.ok()) return status;
  }
  return rows;
}

}  // namespace tournant
