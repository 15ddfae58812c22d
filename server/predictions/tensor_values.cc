#include "predictions/tensor_values.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "models/tensor.h"
#include "predictions/element_text.h"

namespace tournant {
namespace {

std::string BytesText(absl::string_view element) {
  if (IsUtf8(element)) return JsonString(std::string(element));
  return absl::StrCat("{\"b64\": \"", absl::Base64Escape(element), "\"}");
}

}  // namespace

std::string JsonString(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

TensorValues::TensorValues(const LoggedTensor& tensor)
    : tensor_(tensor), type_(DataTypeFromName(tensor.datatype())) {
  const auto count =
      ElementCount({tensor.shape().data(), static_cast<size_t>(tensor.shape_size())});
  if (tensor.omitted_bytes() > 0 || !count.has_value()) return;
  const std::string& raw = tensor.raw();
  if (type_ == DataType::kBytes) {
    if (!SplitBytesElements(raw, *count, texts_).ok()) texts_.clear();
    size_ = texts_.size();
    return;
  }
  element_size_ = ElementSize(type_);
  if (element_size_ == 0 || raw.size() % element_size_ != 0) return;
  const size_t size = raw.size() / element_size_;
  if (size == static_cast<size_t>(*count)) size_ = size;
}

std::string TensorValues::operator[](size_t index) const {
  if (type_ == DataType::kBytes) return BytesText(texts_[index]);
  return ElementText(type_, tensor_.raw().data() + index * element_size_);
}

void TensorValues::AppendList(size_t begin, size_t count, std::string& out) const {
  // So many tell how much room the others will need, or nearly: text that grows by doubling takes
  // three times its size on the way.
  constexpr size_t kTelling = 256;
  const size_t before = out.size();
  for (size_t i = begin; i < begin + count; ++i) {
    if (i > begin) out += ',';
    out += (*this)[i];
    if (i + 1 != begin + kTelling || count < 2 * kTelling) continue;
    const size_t each = (out.size() - before) / kTelling + 1;
    const size_t needed = out.size() + each * (count - kTelling);
    if (needed > out.capacity()) out.reserve(needed);
  }
}

}  // namespace tournant
