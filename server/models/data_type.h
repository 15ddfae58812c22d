#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace tournant {

// Element types, with the numbers of inference.DataType in proto/inference/model_config.proto.
enum class DataType : int {
  kInvalid = 0,
  kBool = 1,
  kUint8 = 2,
  kUint16 = 3,
  kUint32 = 4,
  kUint64 = 5,
  kInt8 = 6,
  kInt16 = 7,
  kInt32 = 8,
  kInt64 = 9,
  kFp16 = 10,
  kFp32 = 11,
  kFp64 = 12,
  kBytes = 13,  // TYPE_STRING in a config, "BYTES" on the wire.
  kBf16 = 14,
};

// Bytes of one element; 0 for BYTES, whose elements vary, and for kInvalid.
size_t ElementSize(DataType type);
// The protocol's name, such as "FP32"; "INVALID" for kInvalid.
absl::string_view DataTypeName(DataType type);
// kInvalid for an unknown name.
DataType DataTypeFromName(absl::string_view name);

}  // namespace tournant
