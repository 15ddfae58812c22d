#include "features/key_columns.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"
#include "features/given_elements.h"

namespace tournant {
namespace {

// Why `element` is no key of `type`, or nothing.
std::string Unfit(const Element& element, ValueType type) {
  if (element.kind == Element::Kind::kText) {
    if (element.text.size() > kMaxKeyBytes) {
      return absl::StrCat("is a key of ", element.text.size(), " bytes, at most ", kMaxKeyBytes,
                          " are allowed");
    }
    if (type != ValueType::kBytes && !IsUtf8(element.text)) return "is a key that is no UTF-8";
    return "";
  }
  if (type == ValueType::kInt32 && (element.integer < std::numeric_limits<int32_t>::min() ||
                                    element.integer > std::numeric_limits<int32_t>::max())) {
    return absl::StrCat("is ", element.integer, ", which is no key of type INT32");
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<KeyColumn>> ReadKeys(const FeaturePlan& plan, const BoundRequest& bound,
                                                const std::vector<NamedTensor>& request,
                                                int64_t rows) {
  std::vector<KeyColumn> columns;
  columns.reserve(plan.fetch().keys.size());
  for (const FetchPlan::Key& key : plan.fetch().keys) {
    KeyColumn& column = columns.emplace_back();
    column.type = key.type;
    if (!key.request) {
      column.texts.resize(static_cast<size_t>(rows));
      continue;
    }
    const int position = bound.requests[*key.request];
    if (position == BoundRequest::kAbsent) {
      return InvalidField(
          "inputs",
          absl::StrCat("input '", plan.request_tensors()[*key.request].name, "' is missing"));
    }
    absl::StatusOr<GivenElements> given = GivenElements::Make(request, position, rows, 1);
    if (!given.ok()) return given.status();
    const bool text = key.type == ValueType::kString || key.type == ValueType::kBytes;
    if (text) {
      column.texts.reserve(static_cast<size_t>(rows));
    } else {
      column.integers.reserve(static_cast<size_t>(rows));
    }
    for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
      const Element element = given->at(row);
      std::string unfit =
          text == (element.kind == Element::Kind::kText) && element.kind != Element::Kind::kFloating
              ? Unfit(element, key.type)
              : "is of a type that is no key";
      if (!unfit.empty()) {
        return InvalidField(absl::StrCat("inputs[", position, "].contents"),
                            absl::StrCat("input '", plan.request_tensors()[*key.request].name,
                                         "', row ", row, ": ", unfit));
      }
      if (text) {
        column.texts.push_back(element.text);
      } else {
        column.integers.push_back(element.integer);
      }
    }
  }
  return columns;
}

}  // namespace tournant
