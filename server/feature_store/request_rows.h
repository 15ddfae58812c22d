#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "feature_store/read_plan.h"

namespace feast::types {
class RepeatedValue;
}

namespace tournant {

// The rows of one request, checked against its plan. Points into the request.
struct RequestRows {
  // A row whose key no store can hold.
  static constexpr size_t kNoKey = static_cast<size_t>(-1);

  size_t count = 0;
  std::vector<const feast::types::RepeatedValue*> key_columns;  // as in the plan
  std::vector<std::vector<std::string>> key_sets;               // distinct keys of each key set
  std::vector<std::vector<size_t>> key_of_row;                  // by key set: row -> key or kNoKey
};

// INVALID_ARGUMENT for columns of unequal length, a missing column, or a value that is no key; each
// names the column and the row.
absl::StatusOr<RequestRows> ResolveRows(const ReadPlan& plan,
                                        const feast::serving::GetOnlineFeaturesRequest& request,
                                        size_t max_key_bytes);

}  // namespace tournant
