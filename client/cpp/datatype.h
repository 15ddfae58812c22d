#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace tournant::client {

// Element types of the protocol. The client has its own table and none of the server's rooms.
enum class Datatype {
  kInvalid,
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kBf16,
  kFp32,
  kFp64,
  kBytes,
};

// The name on the wire, such as "FP32".
absl::string_view DatatypeName(Datatype type);
// kInvalid for an unknown name.
Datatype DatatypeFromName(absl::string_view name);
// Bytes of one element; 0 for BYTES, whose elements vary, and for kInvalid.
size_t ElementSize(Datatype type);

// The element type of a C++ value, for the typed request builder.
template <typename T>
constexpr Datatype DatatypeOf();
template <>
constexpr Datatype DatatypeOf<float>() {
  return Datatype::kFp32;
}
template <>
constexpr Datatype DatatypeOf<double>() {
  return Datatype::kFp64;
}
template <>
constexpr Datatype DatatypeOf<signed char>() {
  return Datatype::kInt8;
}
template <>
constexpr Datatype DatatypeOf<short>() {
  return Datatype::kInt16;
}
template <>
constexpr Datatype DatatypeOf<int>() {
  return Datatype::kInt32;
}
template <>
constexpr Datatype DatatypeOf<long>() {
  return Datatype::kInt64;
}
template <>
constexpr Datatype DatatypeOf<unsigned char>() {
  return Datatype::kUint8;
}
template <>
constexpr Datatype DatatypeOf<unsigned short>() {
  return Datatype::kUint16;
}
template <>
constexpr Datatype DatatypeOf<unsigned int>() {
  return Datatype::kUint32;
}
template <>
constexpr Datatype DatatypeOf<unsigned long>() {
  return Datatype::kUint64;
}
template <>
constexpr Datatype DatatypeOf<bool>() {
  return Datatype::kBool;
}

}  // namespace tournant::client
