#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "features/element.h"
#include "models/tensor.h"

namespace tournant {

// Element by element access to a tensor that a caller sent. Refers to its bytes.
class GivenElements {
 public:
  // INVALID_ARGUMENT at "inputs[position].contents" when the bytes are not `rows` times `width`
  // elements of the tensor's type.
  static absl::StatusOr<GivenElements> Make(const std::vector<NamedTensor>& request, int position,
                                            int64_t rows, size_t width);

  Element at(size_t index) const;

 private:
  GivenElements(DataType type, absl::string_view bytes) : type_(type), bytes_(bytes) {}

  DataType type_;
  absl::string_view bytes_;
  std::vector<absl::string_view> texts_;  // Of a BYTES tensor.
};

}  // namespace tournant
