#include "feast/value_bytes.h"

#include <cstdint>
#include <limits>

#include "feast/value_type.h"

namespace tournant {
namespace {

bool ReadVarint(absl::string_view& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool Skip(absl::string_view& bytes, uint64_t size) {
  if (size > bytes.size()) return false;
  bytes.remove_prefix(size);
  return true;
}

}  // namespace

ValuePeek PeekValue(absl::string_view bytes) {
  constexpr ValuePeek kDamaged{StoredValue::kDamaged, 0};
  constexpr auto kNoTime = static_cast<uint64_t>(std::numeric_limits<int64_t>::min());
  ValuePeek peek;
  // Of several members the last one counts, as in every protobuf oneof.
  while (!bytes.empty()) {
    uint64_t tag = 0;
    uint64_t number = 0;
    if (!ReadVarint(bytes, tag) || tag >> 3 == 0 || tag > std::numeric_limits<uint32_t>::max()) {
      return kDamaged;
    }
    switch (tag & 7) {
      case 0:
        if (!ReadVarint(bytes, number)) return kDamaged;
        break;
      case 1:
        if (!Skip(bytes, 8)) return kDamaged;
        break;
      case 2:
        if (!ReadVarint(bytes, number) || !Skip(bytes, number)) return kDamaged;
        break;
      case 5:
        if (!Skip(bytes, 4)) return kDamaged;
        break;
      default:
        return kDamaged;
    }
    peek.field = static_cast<int>(tag >> 3);
    const auto type = static_cast<ValueType>(peek.field);
    const bool null = type == ValueType::kNull ||
                      (type == ValueType::kUnixTimestamp && (tag & 7) == 0 && number == kNoTime);
    peek.kind = null ? StoredValue::kNull : StoredValue::kValue;
  }
  return peek;
}

}  // namespace tournant
