#include "features/row_key.h"

#include <cstdint>

#include "absl/strings/string_view.h"

namespace tournant {
namespace {

template <class T>
void AppendRaw(T value, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

void AppendRowKey(const std::vector<KeyColumn>& keys, std::span<const size_t> columns, size_t row,
                  std::string& bytes) {
  for (const size_t column : columns) {
    const KeyColumn& key = keys[column];
    if (!key.integers.empty()) {
      AppendRaw(key.integers[row], bytes);
      continue;
    }
    const absl::string_view text = key.texts[row];
    AppendRaw(static_cast<uint32_t>(text.size()), bytes);
    bytes.append(text.data(), text.size());
  }
}

std::vector<size_t> KeysOf(const FetchPlan& plan, const std::vector<uint8_t>& wanted) {
  std::vector<uint8_t> needed(plan.keys.size(), 0);
  for (size_t feature = 0; feature < plan.features.size(); ++feature) {
    if (!wanted[feature]) continue;
    for (const size_t key : plan.features[feature].keys) needed[key] = 1;
  }
  std::vector<size_t> columns;
  for (size_t key = 0; key < needed.size(); ++key) {
    if (needed[key]) columns.push_back(key);
  }
  return columns;
}

}  // namespace tournant
