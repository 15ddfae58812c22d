#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/tensor.h"

namespace tournant {

// A guess at what an input is.
struct InputGuess {
  DataType type = DataType::kInvalid;
  std::vector<int64_t> dims;  // -1 is any size. Of one row where the input has rows.
  bool operator==(const InputGuess& other) const = default;
};

// `rows` rows of small numbers, or letters, for a guess, from row number `first`; without a row
// dimension when `rows` is -1. A row holds the same whichever others come with it. Whole numbers
// are 0 or 1, so that they may be indices. `any` stands for -1. Nothing when it would be too large.
std::optional<Tensor> TrialInput(const InputGuess& guess, int64_t first, int64_t rows, int64_t any);

// Whether two outputs of a type hold the same, as far as rounding goes.
bool NearlySame(DataType type, absl::string_view a, absl::string_view b);

}  // namespace tournant
