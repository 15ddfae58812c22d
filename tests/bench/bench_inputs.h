#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// An input of a model that benchmarks make up: `width` values in each row.
struct BenchInput {
  std::string name;
  bool whole = false;  // INT64, else FP32.
  int64_t width = 0;
  int64_t below = 1;  // INT64: the values are from 0 to below - 1.
};

// "NAME:FP32:WIDTH" or "NAME:INT64:WIDTH:BELOW", several separated by commas. INVALID_ARGUMENT
// names the part that is none.
absl::StatusOr<std::vector<BenchInput>> ParseBenchInputs(absl::string_view text);

// The protocol's raw bytes of rows `first_row` to `first_row + rows - 1`. A row's values depend on
// its number alone, so that whoever computes the same rows computes the same values.
std::string InputBytes(const BenchInput& input, int64_t first_row, int64_t rows);

}  // namespace tournant
