#include "features/owned_keys.h"

namespace tournant {

void OwnedKeys::Add(const std::vector<KeyColumn>& from, std::span<const size_t> columns,
                    size_t row) {
  columns_.resize(from.size());
  for (const size_t index : columns) {
    const KeyColumn& source = from[index];
    KeyColumn& column = columns_[index];
    column.type = source.type;
    if (!source.integers.empty()) {
      column.integers.push_back(source.integers[row]);
    } else {
      column.texts.push_back(texts_.emplace_back(source.texts[row]));
    }
  }
  ++rows_;
}

}  // namespace tournant
