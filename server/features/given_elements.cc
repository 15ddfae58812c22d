#include "features/given_elements.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

template <class T>
T Load(absl::string_view bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

}  // namespace

absl::StatusOr<GivenElements> GivenElements::Make(const std::vector<NamedTensor>& request,
                                                  int position, int64_t rows, size_t width) {
  const NamedTensor& given = request[static_cast<size_t>(position)];
  const Tensor& tensor = given.tensor;
  const auto invalid = [&](absl::string_view text) {
    return InvalidField(absl::StrCat("inputs[", position, "].contents"),
                        absl::StrCat("input '", Quote(given.name), "': ", text));
  };
  if (!CanReadElements(tensor.type)) {
    return invalid(absl::StrCat(DataTypeName(tensor.type), " cannot be read"));
  }
  GivenElements elements(tensor.type, tensor.bytes);
  int64_t count = 0;
  if (rows < 0 || __builtin_mul_overflow(rows, static_cast<int64_t>(width), &count)) {
    return invalid("too many elements");
  }
  if (tensor.type == DataType::kBytes) {
    const absl::Status split = SplitBytesElements(tensor.bytes, count, elements.texts_);
    if (!split.ok()) return invalid(split.message());
  } else if (tensor.bytes.size() / ElementSize(tensor.type) != static_cast<size_t>(count) ||
             tensor.bytes.size() % ElementSize(tensor.type) != 0) {
    return invalid(absl::StrCat("expected ", count, " elements of ", DataTypeName(tensor.type),
                                ", got ", tensor.bytes.size(), " bytes"));
  }
  return elements;
}

Element GivenElements::at(size_t index) const {
  switch (type_) {
    case DataType::kFp32:
      return Element::Floating(Load<float>(bytes_, index));
    case DataType::kFp64:
      return Element::Floating(Load<double>(bytes_, index));
    case DataType::kInt64:
      return Element::Integer(Load<int64_t>(bytes_, index));
    case DataType::kInt32:
      return Element::Integer(Load<int32_t>(bytes_, index));
    case DataType::kInt16:
      return Element::Integer(Load<int16_t>(bytes_, index));
    case DataType::kInt8:
      return Element::Integer(Load<int8_t>(bytes_, index));
    case DataType::kUint32:
      return Element::Integer(Load<uint32_t>(bytes_, index));
    case DataType::kUint16:
      return Element::Integer(Load<uint16_t>(bytes_, index));
    case DataType::kUint8:
      return Element::Integer(Load<uint8_t>(bytes_, index));
    case DataType::kBool:
      return Element::Integer(bytes_[index] != 0 ? 1 : 0);
    default:
      return Element::Text(texts_[index]);
  }
}

}  // namespace tournant
