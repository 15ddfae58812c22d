#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "models/tensor.h"

namespace tournant {

// Tensors from values and values from tensors, for tests.

template <class T>
Tensor MakeTensor(DataType type, Shape shape, const std::vector<T>& values) {
  return {type,
          std::move(shape),
          {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)}};
}
inline Tensor Strings(Shape shape, const std::vector<std::string>& values) {
  Tensor tensor{DataType::kBytes, std::move(shape), {}};
  for (const std::string& value : values) AppendBytesElement(value, tensor.bytes);
  return tensor;
}

template <class T>
std::vector<T> ValuesOf(absl::string_view bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}
template <class T>
std::vector<T> ValuesOf(const Tensor& tensor) {
  return ValuesOf<T>(absl::string_view(tensor.bytes));
}
inline std::vector<std::string> StringValues(const Tensor& tensor) {
  EXPECT_EQ(tensor.type, DataType::kBytes);
  std::vector<absl::string_view> elements;
  const auto count = ElementCount(tensor.shape);
  EXPECT_TRUE(SplitBytesElements(tensor.bytes, count.value_or(-1), elements).ok());
  return {elements.begin(), elements.end()};
}

}  // namespace tournant
