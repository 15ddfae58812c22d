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

std::vector<std::string> TensorValues(const LoggedTensor& tensor) {
  const DataType type = DataTypeFromName(tensor.datatype());
  const auto count =
      ElementCount({tensor.shape().data(), static_cast<size_t>(tensor.shape_size())});
  if (tensor.omitted_bytes() > 0 || !count.has_value()) return {};
  const std::string& raw = tensor.raw();
  std::vector<std::string> values;
  if (type == DataType::kBytes) {
    std::vector<absl::string_view> elements;
    if (!SplitBytesElements(raw, *count, elements).ok()) return {};
    for (const absl::string_view element : elements) values.push_back(BytesText(element));
    return values;
  }
  const size_t size = ElementSize(type);
  if (size == 0 || raw.size() % size != 0 || raw.size() / size != static_cast<size_t>(*count)) {
    return {};
  }
  values.reserve(raw.size() / size);
  for (size_t at = 0; at < raw.size(); at += size) {
    values.push_back(ElementText(type, raw.data() + at));
  }
  return values;
}

}  // namespace tournant
