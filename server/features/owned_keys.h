#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "features/feature_client.h"

namespace tournant {

// Key columns that hold their own texts, for a fetch that may outlive the calls whose rows it
// fetches. Grows row by row; columns that are not taken stay empty. One thread at a time.
class OwnedKeys {
 public:
  // `from` has the same columns in each call of Add.
  void Add(const std::vector<KeyColumn>& from, std::span<const size_t> columns, size_t row);

  const std::vector<KeyColumn>& columns() const { return columns_; }
  size_t rows() const { return rows_; }

 private:
  std::vector<KeyColumn> columns_;
  std::deque<std::string> texts_;  // Never move.
  size_t rows_ = 0;
};

}  // namespace tournant
