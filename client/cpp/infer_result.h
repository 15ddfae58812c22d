#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cpp/datatype.h"
#include "inference/grpc_service.pb.h"

namespace tournant::client {

// One output of an answer; views into the response, which has to outlive it.
struct OutputView {
  absl::string_view name;
  Datatype type = Datatype::kInvalid;
  std::vector<int64_t> shape;
  absl::string_view raw;

  int64_t elements() const;
  // Of a tensor with a batch dimension.
  int64_t rows() const { return shape.empty() ? 1 : shape.front(); }

  // The values as `T`; INVALID_ARGUMENT when the output has another datatype.
  template <typename T>
  absl::StatusOr<std::vector<T>> Values() const {
    if (type != DatatypeOf<T>()) return WrongType(DatatypeOf<T>());
    std::vector<T> values(static_cast<size_t>(elements()));
    if (!values.empty()) std::memcpy(values.data(), raw.data(), raw.size());
    return values;
  }
  absl::StatusOr<std::vector<absl::string_view>> Strings() const;

 private:
  absl::Status WrongType(Datatype wanted) const;
};

// The outputs of `response`, checked: a known datatype, one entry of raw bytes for each output, of
// the size that the shape asks for. INTERNAL says what the server sent wrong.
absl::StatusOr<std::vector<OutputView>> DecodeOutputs(
    const inference::ModelInferResponse& response);

}  // namespace tournant::client
