#pragma once

#include "absl/strings/string_view.h"

namespace tournant {

// Feast's types by Feast's numbers (feast.types.ValueType.Enum), for code that sees no protobuf.
// The number is also the field of feast.types.Value that holds such a value. Any other number may
// come from a newer Feast and is carried as it is.
enum class ValueType : int {
  kInvalid = 0,
  kBytes = 1,
  kString = 2,
  kInt32 = 3,
  kInt64 = 4,
  kDouble = 5,
  kFloat = 6,
  kBool = 7,
  kUnixTimestamp = 8,
  kBytesList = 11,
  kStringList = 12,
  kInt32List = 13,
  kInt64List = 14,
  kDoubleList = 15,
  kFloatList = 16,
  kBoolList = 17,
  kUnixTimestampList = 18,
  kNull = 19,
  kMap = 20,
  kMapList = 21,
  kBytesSet = 22,
  kStringSet = 23,
  kInt32Set = 24,
  kInt64Set = 25,
  kDoubleSet = 26,
  kFloatSet = 27,
  kBoolSet = 28,
  kUnixTimestampSet = 29,
  kPdfBytes = 30,
  kImageBytes = 31,
  kJson = 32,
  kJsonList = 33,
  kStruct = 34,
  kStructList = 35,
  kUuid = 36,
  kTimeUuid = 37,
  kUuidList = 38,
  kTimeUuidList = 39,
  kUuidSet = 40,
  kTimeUuidSet = 41,
  kList = 42,
  kSet = 43,
  kDecimal = 44,
  kDecimalList = 45,
  kDecimalSet = 46,
  kScalarMap = 47,
  kZonedTimestamp = 48,
};

// What one element of a value is, whether the value is one of them or a list of them.
enum class ElementKind {
  kNumber,  // int32, int64, float, double, bool
  kText,    // string, and what Feast carries as text: json, uuid, decimal
  kBytes,
  kTimestamp,  // seconds since 1970
  kOther,      // maps, structs, nested lists: no single tensor element
};

ElementKind ElementKindOf(ValueType type);
// An ordered list of elements. Sets are not: their order means nothing.
bool IsList(ValueType type);
// "INT64", "FLOAT_LIST"; "UNKNOWN" for a number without a name.
absl::string_view ValueTypeName(ValueType type);

}  // namespace tournant
