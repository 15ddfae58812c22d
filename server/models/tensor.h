#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "models/data_type.h"

namespace tournant {

// Sizes per dimension, outermost first. -1 stands for "any" in a specification, never in a tensor.
using Shape = absl::InlinedVector<int64_t, 4>;

// A tensor in the protocol's raw form: row-major, little-endian, no padding; a BYTES element is a
// 4-byte little-endian length and its bytes. Owns its bytes.
struct Tensor {
  DataType type = DataType::kInvalid;
  Shape shape;
  std::string bytes;
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// A tensor whose bytes belong to somebody else, in the same form. `owner`, where set, keeps them
// alive. A view of type kInvalid stands for an optional input that was not given.
struct TensorView {
  DataType type = DataType::kInvalid;
  Shape shape;
  absl::string_view bytes;
  std::shared_ptr<const void> owner;
};

// Who told what a spec holds; errors name it.
enum class SpecSource : uint8_t { kConfig, kArchive, kTrial };

// What a model takes or gives under a name. `dims` leaves out the batch dimension; -1 is any size.
struct TensorSpec {
  std::string name;
  DataType type = DataType::kInvalid;
  std::vector<int64_t> dims;
  bool optional = false;
  // `reshape` of a config: what the model itself takes or gives where callers see `dims`, with as
  // many elements and again without the batch dimension. Empty dims: a scalar for each row.
  std::optional<std::vector<int64_t>> model_dims = std::nullopt;
  // Outputs: `label_filename`, and its lines, one for each class; null without such a file.
  std::string label_filename = "";
  std::shared_ptr<const std::vector<std::string>> labels = nullptr;
  // Who lists the tensor, and who told its type and dims.
  SpecSource source = SpecSource::kConfig;
  SpecSource type_source = SpecSource::kConfig;
  SpecSource dims_source = SpecSource::kConfig;
};

// The one of this name; null when there is none. Points into `specs`.
inline const TensorSpec* FindSpec(const std::vector<TensorSpec>& specs, absl::string_view name) {
  for (const TensorSpec& spec : specs) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

// The product of `shape`, or nothing when a dimension is negative or the product overflows int64.
std::optional<int64_t> ElementCount(std::span<const int64_t> shape);
// Bytes of a tensor of fixed-size elements; nothing on overflow and for BYTES.
std::optional<int64_t> ByteSize(DataType type, std::span<const int64_t> shape);

// Whether `shape` is one of `dims`, where -1 is any size.
bool FitsDims(std::span<const int64_t> shape, std::span<const int64_t> dims);

// "[-1,16]"
std::string ShapeText(std::span<const int64_t> shape);

// Appends one element in the BYTES form.
void AppendBytesElement(absl::string_view element, std::string& bytes);
// The elements of raw BYTES data, as views into `bytes`. INVALID_ARGUMENT when a length runs past
// the end or there are not exactly `count` of them.
absl::Status SplitBytesElements(absl::string_view bytes, int64_t count,
                                std::vector<absl::string_view>& elements);

}  // namespace tournant
