#include "pipeline/classification.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tournant {
namespace {

template <class Value>
std::string ValueText(Value value) {
  if constexpr (std::is_floating_point_v<Value>) {
    return absl::StrFormat("%.6f", value);
  } else {
    return absl::StrCat(value);
  }
}

// A strict order of the elements, NaN among them.
template <class Value>
bool Before(const std::vector<Value>& row, size_t a, size_t b) {
  if constexpr (std::is_floating_point_v<Value>) {
    if (std::isnan(row[a]) != std::isnan(row[b])) return std::isnan(row[b]);
    if (std::isnan(row[a])) return a < b;
  }
  return row[a] != row[b] ? row[a] > row[b] : a < b;
}

template <class Value>
void AppendRows(absl::string_view bytes, size_t row_elements, size_t top,
                std::span<const std::string> labels, std::string& out) {
  std::vector<Value> row(row_elements);  // A copy, since tensors need not be aligned.
  std::vector<size_t> order(row_elements);
  const size_t row_bytes = row_elements * sizeof(Value);
  for (; !bytes.empty(); bytes.remove_prefix(row_bytes)) {
    std::memcpy(row.data(), bytes.data(), row_bytes);
    std::iota(order.begin(), order.end(), size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(),
                      [&row](size_t a, size_t b) { return Before(row, a, b); });
    for (size_t k = 0; k < top; ++k) {
      const size_t index = order[k];
      std::string text = absl::StrCat(ValueText(row[index]), ":", index);
      if (index < labels.size() && !labels[index].empty()) {
        absl::StrAppend(&text, ":", labels[index]);
      }
      AppendBytesElement(text, out);
    }
  }
}

void AppendRowsOf(const Tensor& scores, size_t row_elements, size_t top,
                  std::span<const std::string> labels, std::string& out) {
  const auto append = [&](auto value) {
    AppendRows<decltype(value)>(scores.bytes, row_elements, top, labels, out);
  };
  switch (scores.type) {
    case DataType::kInt8:
      return append(int8_t{});
    case DataType::kInt16:
      return append(int16_t{});
    case DataType::kInt32:
      return append(int32_t{});
    case DataType::kInt64:
      return append(int64_t{});
    case DataType::kUint8:
      return append(uint8_t{});
    case DataType::kUint16:
      return append(uint16_t{});
    case DataType::kUint32:
      return append(uint32_t{});
    case DataType::kUint64:
      return append(uint64_t{});
    case DataType::kFp32:
      return append(float{});
    case DataType::kFp64:
      return append(double{});
    default:
      return;
  }
}

}  // namespace

bool CanClassify(DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kBytes:
    case DataType::kFp16:
    case DataType::kBf16:
    case DataType::kInvalid:
      return false;
    default:
      return true;
  }
}

Tensor Classify(const Tensor& scores, int64_t classes, bool batched,
                std::span<const std::string> labels) {
  const size_t row_dims = batched && !scores.shape.empty() ? 1 : 0;
  int64_t row_elements = 1;
  for (size_t d = row_dims; d < scores.shape.size(); ++d) row_elements *= scores.shape[d];
  const int64_t top = std::min(classes, row_elements);

  Tensor classified;
  classified.type = DataType::kBytes;
  if (row_dims > 0) classified.shape.push_back(scores.shape[0]);
  classified.shape.push_back(top);
  AppendRowsOf(scores, static_cast<size_t>(row_elements), static_cast<size_t>(top), labels,
               classified.bytes);
  return classified;
}

}  // namespace tournant
