#include "rpc/request_size.h"

#include <bit>
#include <cstdint>
#include <string>

namespace tournant {
namespace {

using Input = inference::ModelInferRequest::InferInputTensor;

// Of a number beyond the first seven bits of it.
size_t MoreBytes(uint64_t value) {
  if (value < 128) [[likely]]
    return 0;
  return (static_cast<size_t>(std::bit_width(value)) - 1) / 7;
}

// A field with a length, whose own number is below 16.
size_t FieldSize(size_t length) { return 2 + MoreBytes(length) + length; }

size_t TextSize(const std::string& text) { return text.empty() ? 0 : FieldSize(text.size()); }

size_t InputSize(const Input& input) {
  auto shape = static_cast<size_t>(input.shape_size());
  for (const int64_t dim : input.shape()) shape += MoreBytes(static_cast<uint64_t>(dim));
  if (shape > 0) shape = FieldSize(shape);
  return TextSize(input.name()) + TextSize(input.datatype()) + shape;
}

}  // namespace

size_t RequestSize(const inference::ModelInferRequest& request) {
  if (!request.parameters().empty() || request.outputs_size() > 0) return request.ByteSizeLong();
  size_t size =
      TextSize(request.model_name()) + TextSize(request.model_version()) + TextSize(request.id());
  for (const Input& input : request.inputs()) {
    if (input.has_contents() || !input.parameters().empty()) return request.ByteSizeLong();
    size += FieldSize(InputSize(input));
  }
  for (const std::string& raw : request.raw_input_contents()) size += FieldSize(raw.size());
  return size;
}

}  // namespace tournant
