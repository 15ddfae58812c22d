#include "predictions/hashed_values.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "models/tensor.h"
#include "predictions/sha256.h"

namespace tournant {

std::string HashedValue(absl::string_view key, absl::string_view value) {
  constexpr size_t kBytes = 16;
  return absl::BytesToHexString(HmacSha256(key, value).substr(0, kBytes));
}

void HashValues(absl::string_view key, LoggedTensor& tensor) {
  const DataType type = DataTypeFromName(tensor.datatype());
  const std::string& raw = tensor.raw();
  std::vector<absl::string_view> elements;
  bool known = false;
  if (type == DataType::kBytes) {
    const auto count =
        ElementCount({tensor.shape().data(), static_cast<size_t>(tensor.shape_size())});
    known = count && SplitBytesElements(raw, *count, elements).ok();
  } else if (const size_t size = ElementSize(type); size > 0 && raw.size() % size == 0) {
    known = true;
    for (size_t at = 0; at < raw.size(); at += size) {
      elements.push_back(absl::string_view(raw).substr(at, size));
    }
  }
  std::string hashed;
  if (known) {
    for (const absl::string_view element : elements) {
      AppendBytesElement(HashedValue(key, element), hashed);
    }
  } else {
    tensor.set_omitted_bytes(tensor.omitted_bytes() + raw.size());
  }
  tensor.set_raw(std::move(hashed));
  tensor.set_datatype("BYTES");
  tensor.set_hashed(true);
}

}  // namespace tournant
