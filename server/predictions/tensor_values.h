#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "models/data_type.h"
#include "tournant/prediction.pb.h"

namespace tournant {

// The elements of a tensor as JSON values, in row-major order: numbers in the shortest form that
// reads back as the same, "NaN", "Infinity" and "-Infinity" as strings (as protobuf's JSON has it),
// BYTES as strings, or as {"b64": "..."} where they are not UTF-8. None when the bytes do not fit
// the type and shape, or were left out of the record. Made one by one when they are asked for. The
// tensor outlives this.
class TensorValues {
 public:
  explicit TensorValues(const LoggedTensor& tensor);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string operator[](size_t index) const;
  // "1,2,3" of `count` of them from `begin` on.
  void AppendList(size_t begin, size_t count, std::string& out) const;

 private:
  const LoggedTensor& tensor_;
  DataType type_;
  size_t element_size_ = 0;
  size_t size_ = 0;
  std::vector<absl::string_view> texts_;  // Of BYTES.
};

// `text` as a JSON string, with its quotes.
std::string JsonString(const std::string& text);

}  // namespace tournant
