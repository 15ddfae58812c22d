#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "features/feature_client.h"
#include "features/fetch_plan.h"

namespace tournant {

// Appends the values of `row` in those key columns to `bytes`: two rows of the same columns have
// equal bytes exactly when their keys are equal.
void AppendRowKey(const std::vector<KeyColumn>& keys, std::span<const size_t> columns, size_t row,
                  std::string& bytes);

// The key columns, in ascending order, that the wanted features of a plan are found by.
std::vector<size_t> KeysOf(const FetchPlan& plan, const std::vector<uint8_t>& wanted);

}  // namespace tournant
