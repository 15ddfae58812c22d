#include "models/tensor.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tournant {

std::optional<int64_t> ElementCount(std::span<const int64_t> shape) {
  int64_t count = 1;
  bool overflow = false;
  for (const int64_t dim : shape) {
    if (dim < 0) return std::nullopt;
    overflow |= __builtin_mul_overflow(count, dim, &count);
  }
  // [2^62, 4, 0] is empty whatever the order of its dimensions.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  if (overflow) return std::nullopt;
  return count;
}

std::optional<int64_t> ByteSize(DataType type, std::span<const int64_t> shape) {
  const std::optional<int64_t> count = ElementCount(shape);
  int64_t size = 0;
  if (!count || ElementSize(type) == 0 ||
      __builtin_mul_overflow(*count, static_cast<int64_t>(ElementSize(type)), &size)) {
    return std::nullopt;
  }
  return size;
}

bool FitsDims(std::span<const int64_t> shape, std::span<const int64_t> dims) {
  return std::equal(shape.begin(), shape.end(), dims.begin(), dims.end(),
                    [](int64_t size, int64_t dim) { return dim == -1 || size == dim; });
}

std::string ShapeText(std::span<const int64_t> shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ","), "]");
}

void AppendBytesElement(absl::string_view element, std::string& bytes) {
  const uint32_t length = static_cast<uint32_t>(element.size());
  char prefix[sizeof(length)];
  std::memcpy(prefix, &length, sizeof(length));
  bytes.append(prefix, sizeof(prefix));
  bytes.append(element.data(), element.size());
}

absl::Status SplitBytesElements(absl::string_view bytes, int64_t count,
                                std::vector<absl::string_view>& elements) {
  elements.clear();
  // Each element takes four bytes at least, so a caller cannot make us reserve more than he sent.
  elements.reserve(std::min<size_t>(static_cast<size_t>(count), bytes.size() / sizeof(uint32_t)));
  while (!bytes.empty()) {
    uint32_t length = 0;
    if (bytes.size() < sizeof(length)) {
      return absl::InvalidArgumentError(
          absl::StrCat("incomplete string length indicator at element ", elements.size()));
    }
    std::memcpy(&length, bytes.data(), sizeof(length));
    bytes.remove_prefix(sizeof(length));
    if (length > bytes.size()) {
      return absl::InvalidArgumentError(absl::StrCat("incomplete string data at element ",
                                                     elements.size(), ": expected ", length,
                                                     " bytes, ", bytes.size(), " are left"));
    }
    if (static_cast<int64_t>(elements.size()) == count) {
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected number of string elements, expected ", count, ", got more"));
    }
    elements.push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  if (static_cast<int64_t>(elements.size()) != count) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", count, " string elements, got ", elements.size()));
  }
  return absl::OkStatus();
}

}  // namespace tournant
