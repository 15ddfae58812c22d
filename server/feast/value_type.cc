#include "feast/value_type.h"

namespace tournant {

ElementKind ElementKindOf(ValueType type) {
  switch (type) {
    case ValueType::kInt32:
    case ValueType::kInt64:
    case ValueType::kDouble:
    case ValueType::kFloat:
    case ValueType::kBool:
    case ValueType::kInt32List:
    case ValueType::kInt64List:
    case ValueType::kDoubleList:
    case ValueType::kFloatList:
    case ValueType::kBoolList:
    case ValueType::kInt32Set:
    case ValueType::kInt64Set:
    case ValueType::kDoubleSet:
    case ValueType::kFloatSet:
    case ValueType::kBoolSet:
      return ElementKind::kNumber;
    case ValueType::kString:
    case ValueType::kStringList:
    case ValueType::kStringSet:
    case ValueType::kJson:
    case ValueType::kJsonList:
    case ValueType::kUuid:
    case ValueType::kTimeUuid:
    case ValueType::kUuidList:
    case ValueType::kTimeUuidList:
    case ValueType::kUuidSet:
    case ValueType::kTimeUuidSet:
    case ValueType::kDecimal:
    case ValueType::kDecimalList:
    case ValueType::kDecimalSet:
      return ElementKind::kText;
    case ValueType::kBytes:
    case ValueType::kBytesList:
    case ValueType::kBytesSet:
    case ValueType::kPdfBytes:
    case ValueType::kImageBytes:
      return ElementKind::kBytes;
    case ValueType::kUnixTimestamp:
    case ValueType::kUnixTimestampList:
    case ValueType::kUnixTimestampSet:
      return ElementKind::kTimestamp;
    default:
      return ElementKind::kOther;
  }
}

bool IsList(ValueType type) {
  switch (type) {
    case ValueType::kBytesList:
    case ValueType::kStringList:
    case ValueType::kInt32List:
    case ValueType::kInt64List:
    case ValueType::kDoubleList:
    case ValueType::kFloatList:
    case ValueType::kBoolList:
    case ValueType::kUnixTimestampList:
    case ValueType::kMapList:
    case ValueType::kJsonList:
    case ValueType::kStructList:
    case ValueType::kUuidList:
    case ValueType::kTimeUuidList:
    case ValueType::kList:
    case ValueType::kDecimalList:
      return true;
    default:
      return false;
  }
}

absl::string_view ValueTypeName(ValueType type) {
  // By number; gaps are empty.
  static constexpr absl::string_view kNames[] = {"INVALID",
                                                 "BYTES",
                                                 "STRING",
                                                 "INT32",
                                                 "INT64",
                                                 "DOUBLE",
                                                 "FLOAT",
                                                 "BOOL",
                                                 "UNIX_TIMESTAMP",
                                                 "",
                                                 "",
                                                 "BYTES_LIST",
                                                 "STRING_LIST",
                                                 "INT32_LIST",
                                                 "INT64_LIST",
                                                 "DOUBLE_LIST",
                                                 "FLOAT_LIST",
                                                 "BOOL_LIST",
                                                 "UNIX_TIMESTAMP_LIST",
                                                 "NULL",
                                                 "MAP",
                                                 "MAP_LIST",
                                                 "BYTES_SET",
                                                 "STRING_SET",
                                                 "INT32_SET",
                                                 "INT64_SET",
                                                 "DOUBLE_SET",
                                                 "FLOAT_SET",
                                                 "BOOL_SET",
                                                 "UNIX_TIMESTAMP_SET",
                                                 "PDF_BYTES",
                                                 "IMAGE_BYTES",
                                                 "JSON",
                                                 "JSON_LIST",
                                                 "STRUCT",
                                                 "STRUCT_LIST",
                                                 "UUID",
                                                 "TIME_UUID",
                                                 "UUID_LIST",
                                                 "TIME_UUID_LIST",
                                                 "UUID_SET",
                                                 "TIME_UUID_SET",
                                                 "LIST",
                                                 "SET",
                                                 "DECIMAL",
                                                 "DECIMAL_LIST",
                                                 "DECIMAL_SET",
                                                 "SCALAR_MAP",
                                                 "ZONED_TIMESTAMP"};
  const int number = static_cast<int>(type);
  constexpr int kCount = sizeof(kNames) / sizeof(kNames[0]);
  if (number < 0 || number >= kCount || kNames[number].empty()) return "UNKNOWN";
  return kNames[number];
}

}  // namespace tournant
