#include "feast/entity_key.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "feast/types/Value.pb.h"

namespace tournant {
namespace {

using feast::types::Value;

void AppendUint32(uint32_t number, std::string* out) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(number >> shift));
}

void AppendUint64(uint64_t number, std::string* out) {
  for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(number >> shift));
}

void AppendType(ValueType type, std::string* out) {
  AppendUint32(static_cast<uint32_t>(type), out);
}

void AppendText(ValueType type, absl::string_view text, std::string* out) {
  AppendType(type, out);
  AppendUint32(static_cast<uint32_t>(text.size()), out);
  out->append(text.data(), text.size());
}

bool FitsInt32(int64_t number) {
  return number >= std::numeric_limits<int32_t>::min() &&
         number <= std::numeric_limits<int32_t>::max();
}

std::vector<JoinKey> Sorted(std::vector<JoinKey> keys) {
  std::sort(keys.begin(), keys.end(),
            [](const JoinKey& a, const JoinKey& b) { return a.name < b.name; });
  return keys;
}

std::string Prefix(KeyVersion version, const std::vector<JoinKey>& keys) {
  std::string prefix;
  if (version == KeyVersion::kV3) AppendUint32(static_cast<uint32_t>(keys.size()), &prefix);
  for (const JoinKey& key : keys) {
    if (version == KeyVersion::kV3 || version == KeyVersion::kV3Legacy) {
      AppendText(ValueType::kString, key.name, &prefix);
    } else {
      AppendType(ValueType::kString, &prefix);
      prefix += key.name;
    }
  }
  return prefix;
}

absl::Status AppendInteger(KeyVersion version, ValueType type, int64_t number, std::string* out) {
  AppendType(type, out);
  if (type == ValueType::kInt32) {
    AppendUint32(4, out);
    AppendUint32(static_cast<uint32_t>(number), out);
    return absl::OkStatus();
  }
  if (type == ValueType::kInt64 && version == KeyVersion::kV1) {
    if (!FitsInt32(number)) {
      return absl::OutOfRangeError(
          absl::StrCat("key version 1 keeps four bytes of an int64, too few for ", number));
    }
    AppendUint32(4, out);
    AppendUint32(static_cast<uint32_t>(number), out);
    return absl::OkStatus();
  }
  AppendUint32(8, out);
  AppendUint64(static_cast<uint64_t>(number), out);
  return absl::OkStatus();
}

// The type under which an integer is stored: the registry's where it can hold the number.
ValueType IntegerType(ValueType sent, ValueType registered, int64_t number) {
  if (registered == ValueType::kInt64 && sent == ValueType::kInt32) return registered;
  if (registered == ValueType::kInt32 && sent == ValueType::kInt64 && FitsInt32(number)) {
    return registered;
  }
  if (registered == ValueType::kUnixTimestamp) return registered;
  return sent;
}

}  // namespace

absl::StatusOr<KeyVersion> ParseKeyVersion(absl::string_view text) {
  if (text == "1") return KeyVersion::kV1;
  if (text == "2") return KeyVersion::kV2;
  if (text == "3") return KeyVersion::kV3;
  if (text == "3-legacy") return KeyVersion::kV3Legacy;
  return absl::InvalidArgumentError(
      absl::StrCat("'", Quote(text), "' is no key version; there are 1, 2, 3 and 3-legacy"));
}

absl::string_view KeyVersionName(KeyVersion version) {
  switch (version) {
    case KeyVersion::kV1:
      return "1";
    case KeyVersion::kV2:
      return "2";
    case KeyVersion::kV3:
      return "3";
    case KeyVersion::kV3Legacy:
      return "3-legacy";
  }
  return "?";
}

EntityKeyLayout::EntityKeyLayout(KeyVersion version, std::vector<JoinKey> join_keys)
    : version_(version),
      join_keys_(Sorted(std::move(join_keys))),
      prefix_(Prefix(version, join_keys_)) {}

absl::Status EntityKeyLayout::Append(absl::Span<const Value* const> values,
                                     std::string* out) const {
  out->append(prefix_);
  for (size_t i = 0; i < join_keys_.size(); ++i) {
    const JoinKey& key = join_keys_[i];
    const Value& value = *values[i];
    absl::Status appended;
    switch (value.val_case()) {
      case Value::kStringVal:
        AppendText(ValueType::kString, value.string_val(), out);
        break;
      case Value::kBytesVal:
        AppendText(ValueType::kBytes, value.bytes_val(), out);
        break;
      case Value::kInt32Val:
        appended =
            AppendInteger(version_, IntegerType(ValueType::kInt32, key.type, value.int32_val()),
                          value.int32_val(), out);
        break;
      case Value::kInt64Val:
        appended =
            AppendInteger(version_, IntegerType(ValueType::kInt64, key.type, value.int64_val()),
                          value.int64_val(), out);
        break;
      case Value::kUnixTimestampVal:
        appended =
            AppendInteger(version_, ValueType::kUnixTimestamp, value.unix_timestamp_val(), out);
        break;
      case Value::VAL_NOT_SET:
      case Value::kNullVal:
        return absl::InvalidArgumentError(
            absl::StrCat("the value of join key '", Quote(key.name), "' is null"));
      default:
        return absl::InvalidArgumentError(
            absl::StrCat("the value of join key '", Quote(key.name), "' is a ",
                         ValueTypeName(static_cast<ValueType>(value.val_case())),
                         "; keys are STRING, BYTES, INT32, INT64 or UNIX_TIMESTAMP"));
    }
    if (!appended.ok()) {
      return Annotate(appended, absl::StrCat("join key '", Quote(key.name), "'"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
