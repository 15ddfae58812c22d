#include "models/data_type.h"

#include <array>
#include <cstdint>

namespace tournant {
namespace {

struct Row {
  absl::string_view name;
  size_t size;
};
constexpr std::array<Row, 15> kTypes = {{{"INVALID", 0},
                                         {"BOOL", 1},
                                         {"UINT8", 1},
                                         {"UINT16", 2},
                                         {"UINT32", 4},
                                         {"UINT64", 8},
                                         {"INT8", 1},
                                         {"INT16", 2},
                                         {"INT32", 4},
                                         {"INT64", 8},
                                         {"FP16", 2},
                                         {"FP32", 4},
                                         {"FP64", 8},
                                         {"BYTES", 0},
                                         {"BF16", 2}}};

// A name and its length in one number, so that finding one compares numbers.
constexpr size_t kLongestName = 7;
constexpr uint64_t KeyOf(absl::string_view name) {
  uint64_t key = name.size();
  for (const char c : name) key = key << 8 | static_cast<uint8_t>(c);
  return key;
}
constexpr std::array<uint64_t, kTypes.size()> kKeys = [] {
  std::array<uint64_t, kTypes.size()> keys{};
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = KeyOf(kTypes[i].name);
  return keys;
}();

}  // namespace

size_t ElementSize(DataType type) { return kTypes[static_cast<size_t>(type)].size; }

absl::string_view DataTypeName(DataType type) { return kTypes[static_cast<size_t>(type)].name; }

DataType DataTypeFromName(absl::string_view name) {
  if (name.size() > kLongestName) return DataType::kInvalid;
  const uint64_t key = KeyOf(name);
  for (size_t i = 1; i < kTypes.size(); ++i) {
    if (kKeys[i] == key) return static_cast<DataType>(i);
  }
  return DataType::kInvalid;
}

}  // namespace tournant
