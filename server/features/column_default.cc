#include "features/column_default.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "features/element.h"

namespace tournant {
namespace {

// The field that a default of `type` is written in.
absl::string_view FieldFor(DataType type) {
  if (IsFloating(type)) return "default";
  return type == DataType::kBytes ? "default_string" : "default_int";
}

struct Given {
  absl::string_view field;
  std::vector<Located<Element>> elements;
};

std::vector<Given> GivenDefaults(const Bindings::Column& column) {
  std::vector<Given> given;
  if (!column.defaults.empty()) {
    Given& list = given.emplace_back(Given{"default", {}});
    for (const auto& value : column.defaults) {
      list.elements.push_back({Element::Floating(value.value), value.at});
    }
  }
  if (!column.int_defaults.empty()) {
    Given& list = given.emplace_back(Given{"default_int", {}});
    for (const auto& value : column.int_defaults) {
      list.elements.push_back({Element::Integer(value.value), value.at});
    }
  }
  if (column.string_default.given()) {
    given.push_back({"default_string",
                     {{Element::Text(column.string_default.value), column.string_default.at}}});
  }
  return given;
}

std::string ValueText(const Element& element) {
  switch (element.kind) {
    case Element::Kind::kInteger:
      return absl::StrCat(element.integer);
    case Element::Kind::kFloating:
      return absl::StrCat(element.floating);
    case Element::Kind::kText:
      break;
  }
  return absl::StrCat("\"", Quote(element.text), "\"");
}

// Why `element` cannot be the default, or nothing. May change it: a string to its number.
std::string Unfit(Element& element, DataType type, bool allow_nan, const Vocabulary* vocabulary) {
  if (vocabulary != nullptr) {
    if (element.kind == Element::Kind::kText) {
      const int64_t id = vocabulary->IdOf(element.text);
      if (id == 0) return "is not in the vocabulary; default_int: 0 is what is not there";
      element = Element::Integer(id);
    } else if (element.integer < 0 || element.integer > vocabulary->size()) {
      return absl::StrCat("is no number of the vocabulary, which has 0 to ", vocabulary->size());
    }
  }
  if (element.is_nan() && !allow_nan) return "needs allow_nan on the input";
  std::string scratch;
  if (AppendElement(element, type, scratch)) return "";
  return absl::StrCat("does not fit into ", DataTypeName(type));
}

}  // namespace

absl::StatusOr<std::string> ColumnDefault(absl::string_view file, const Bindings::Column& column,
                                          DataType type, size_t width, bool allow_nan,
                                          const Vocabulary* vocabulary) {
  std::vector<Given> given = GivenDefaults(column);
  if (given.empty()) return std::string();
  if (given.size() > 1) {
    return ErrorAt(
        file, given[1].elements[0].at,
        absl::StrCat(given[1].field, " beside ", given[0].field, ": a column has one default"));
  }
  const absl::string_view field = given[0].field;
  std::vector<Located<Element>>& elements = given[0].elements;
  const bool word = vocabulary != nullptr && field == "default_string";
  if (field != FieldFor(type) && !word) {
    return ErrorAt(file, elements[0].at,
                   absl::StrCat(field, " cannot be the default of ", DataTypeName(type),
                                " cells, which take ", FieldFor(type)));
  }
  if (elements.size() != 1 && elements.size() != width) {
    return ErrorAt(file, elements[0].at,
                   absl::StrCat(elements.size(), " defaults for a column of width ", width,
                                ": give one, or one for each place"));
  }
  std::string bytes;
  for (size_t i = 0; i < width; ++i) {
    Located<Element>& element = elements.size() == 1 ? elements[0] : elements[i];
    // Only the first look at a shared default can find anything.
    if (i == 0 || elements.size() > 1) {
      const std::string text = ValueText(element.value);
      const std::string unfit = Unfit(element.value, type, allow_nan, vocabulary);
      if (!unfit.empty()) {
        return ErrorAt(file, element.at, absl::StrCat(field, ": ", text, " ", unfit));
      }
    }
    AppendElement(element.value, type, bytes);
  }
  return bytes;
}

}  // namespace tournant
