#include "features/column_builder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "features/column_default.h"
#include "features/element.h"

namespace tournant {
namespace {

bool HasDefault(const Bindings::Column& column) {
  return !column.defaults.empty() || !column.int_defaults.empty() || column.string_default.given();
}

bool IsSet(ValueType type) {
  const int number = static_cast<int>(type);
  return (number >= static_cast<int>(ValueType::kBytesSet) &&
          number <= static_cast<int>(ValueType::kUnixTimestampSet)) ||
         type == ValueType::kUuidSet || type == ValueType::kTimeUuidSet ||
         type == ValueType::kSet || type == ValueType::kDecimalSet;
}

}  // namespace

ColumnBuilder::ColumnBuilder(const Bindings& bindings, const std::filesystem::path& folder,
                             const std::vector<TensorSpec>& requests, const FetchPlan& fetch,
                             const PlanRefs& refs, std::vector<absl::Status>& errors)
    : bindings_(bindings),
      folder_(folder),
      requests_(requests),
      fetch_(fetch),
      refs_(refs),
      errors_(errors) {}

void ColumnBuilder::Fail(SourceLocation at, absl::string_view text) {
  errors_.push_back(ErrorAt(bindings_.file, at, text));
}

PlannedColumn ColumnBuilder::Build(const Bindings::Column& column, const Bindings::Input& input,
                                   DataType type) {
  PlannedColumn planned;
  planned.kind = column.kind;
  planned.source = column.source.value;
  planned.width = std::max<uint32_t>(1, std::min(column.width.value, kMaxColumnWidth));
  planned.indicator = column.indicator.value;
  if (column.max_age_us.given()) planned.max_age_us = column.max_age_us.value;
  planned.on_missing = column.on_missing.value;
  planned.on_null = column.on_null.value;
  planned.on_stale = column.on_stale.value;
  planned.on_error = column.on_error.value;

  if (column.width.value > kMaxColumnWidth) {
    Fail(column.width.at, absl::StrCat("width must be at most ", kMaxColumnWidth));
  }
  if (planned.indicator && type == DataType::kBytes) {
    Fail(column.indicator.at, "indicator makes numbers, but the input is BYTES");
  }
  AddVocabulary(column, type, planned);
  if (column.kind == ColumnSource::kRequest) {
    CheckRequestColumn(column, type, planned);
  } else {
    CheckFeatureColumn(column, type, planned);
  }
  if (CanAssemble(type)) {
    absl::StatusOr<std::string> bytes = ColumnDefault(bindings_.file, column, type, planned.width,
                                                      input.allow_nan, planned.vocabulary.get());
    if (!bytes.ok()) errors_.push_back(bytes.status());
    if (bytes.ok()) planned.default_bytes = *std::move(bytes);
    CheckPolicies(column, input, type, planned);
  }
  if (IsFloating(type)) {
    const Element nan = Element::Floating(std::numeric_limits<double>::quiet_NaN());
    for (size_t i = 0; i < planned.width; ++i) AppendElement(nan, type, planned.nan_bytes);
  }
  return planned;
}

void ColumnBuilder::AddVocabulary(const Bindings::Column& column, DataType type,
                                  PlannedColumn& planned) {
  if (!column.vocabulary.given()) return;
  const std::string& file = column.vocabulary.value;
  if (!IsInteger(type)) {
    Fail(column.vocabulary.at,
         absl::StrCat("a vocabulary makes integers, but the input is ", DataTypeName(type)));
  }
  if (column.kind == ColumnSource::kAgeSeconds) {
    Fail(column.vocabulary.at, "an age has no vocabulary");
  }
  if (file.find('/') != std::string::npos || file == "." || file == "..") {
    Fail(column.vocabulary.at,
         absl::StrCat("vocabulary '", Quote(file), "' must be the name of a file beside this one"));
    return;
  }
  std::shared_ptr<const Vocabulary>& shared = vocabularies_[file];
  if (shared == nullptr) {
    absl::StatusOr<Vocabulary> read = Vocabulary::ReadFile(folder_ / file);
    if (!read.ok()) {
      Fail(column.vocabulary.at, absl::StrCat("vocabulary: ", read.status().message()));
      shared = std::make_shared<const Vocabulary>();
    } else {
      shared = std::make_shared<const Vocabulary>(*std::move(read));
    }
  }
  planned.vocabulary = shared;
}

void ColumnBuilder::CheckRequestColumn(const Bindings::Column& column, DataType type,
                                       PlannedColumn& planned) {
  const std::string name = Quote(planned.source);
  for (const auto& [field, at] :
       {std::pair("on_null", column.on_null.at), std::pair("on_stale", column.on_stale.at),
        std::pair("on_error", column.on_error.at), std::pair("max_age", column.max_age_us.at)}) {
    if (at.line > 0) {
      Fail(at, absl::StrCat(field, " is for features, and '", name, "' is a request tensor"));
    }
  }
  size_t index = 0;
  while (index < bindings_.requests.size() && requests_[index].name != planned.source) ++index;
  if (index == bindings_.requests.size()) {
    Fail(column.source.at, absl::StrCat("request '", name, "' is not declared"));
    return;
  }
  planned.index = index;
  const TensorSpec& spec = requests_[index];
  const int64_t values = ElementCount(spec.dims).value_or(0);
  if (values != static_cast<int64_t>(planned.width)) {
    Fail(column.source.at, absl::StrCat("request '", name, "' has ", values,
                                        " values a row, but the column has width ", planned.width));
  }
  const bool fits =
      planned.vocabulary != nullptr ? spec.type == DataType::kBytes : CanCast(spec.type, type);
  if (!fits && CanAssemble(type)) {
    Fail(column.source.at,
         absl::StrCat("request '", name, "' is ", DataTypeName(spec.type),
                      planned.vocabulary != nullptr
                          ? ", but a vocabulary takes strings (TYPE_STRING)"
                          : absl::StrCat(", which cannot be cast to ", DataTypeName(type))));
  }
  if (spec.optional && column.on_missing.value == Fill::kFail) {
    Fail(column.on_missing.at,
         absl::StrCat("request '", name, "' is optional, so on_missing cannot be FAIL"));
  }
}

void ColumnBuilder::CheckFeatureColumn(const Bindings::Column& column, DataType type,
                                       PlannedColumn& planned) {
  const std::vector<FetchPlan::Feature>& features = fetch_.features;
  const auto found =
      std::lower_bound(features.begin(), features.end(), planned.source,
                       [](const FetchPlan::Feature& a, const std::string& b) { return a.ref < b; });
  planned.index = static_cast<size_t>(found - features.begin());
  planned.view = found->view;
  const std::string name = Quote(planned.source);
  if (column.kind == ColumnSource::kAgeSeconds) {
    if (!IsFloating(type)) {
      Fail(column.source.at,
           absl::StrCat("an age is a fraction of seconds, but the input is ", DataTypeName(type)));
    }
    if (planned.width != 1) Fail(column.width.at, "an age has width 1");
    return;
  }
  const std::optional<ValueType> known = refs_.TypeOf(planned.source);
  if (!known || !CanAssemble(type)) return;
  const absl::string_view type_name = ValueTypeName(*known);
  const bool fits =
      planned.vocabulary != nullptr ? CanCast(*known, DataType::kBytes) : CanCast(*known, type);
  if (!fits || IsSet(*known)) {
    Fail(column.source.at,
         absl::StrCat("feature '", name, "' is ", type_name,
                      planned.vocabulary != nullptr
                          ? ", but a vocabulary takes strings"
                          : absl::StrCat(", which cannot be cast to ", DataTypeName(type))));
    return;
  }
  if (IsList(*known) && !column.width.given()) {
    Fail(column.source.at, absl::StrCat("feature '", name, "' is ", type_name,
                                        ": the column needs the width of its lists"));
  }
  if (!IsList(*known) && planned.width != 1) {
    Fail(column.width.at,
         absl::StrCat("feature '", name, "' is ", type_name, ", so its width is 1"));
  }
}

void ColumnBuilder::CheckPolicies(const Bindings::Column& column, const Bindings::Input& input,
                                  DataType type, const PlannedColumn& planned) {
  const bool feature = column.kind != ColumnSource::kRequest;
  const TensorSpec* request = feature ? nullptr : FindSpec(requests_, planned.source);
  const bool can_miss = feature || (request != nullptr && request->optional);
  std::vector<absl::string_view> by_default;
  for (const auto& [field, fill] :
       {std::pair("on_missing", &column.on_missing), std::pair("on_null", &column.on_null),
        std::pair("on_stale", &column.on_stale), std::pair("on_error", &column.on_error)}) {
    if (!feature && fill != &column.on_missing) continue;
    if (fill->value == Fill::kNan && (!input.allow_nan || !IsFloating(type))) {
      Fail(fill->at, absl::StrCat(field, ": AS_NAN needs allow_nan on input '",
                                  Quote(input.name.value), "', which must be FP32 or FP64"));
    }
    if (fill->value == Fill::kDefault && can_miss) by_default.push_back(field);
    if (fill->value == Fill::kLastKnown) CheckLastKnown(column, planned, field, fill->at);
  }
  if (feature && column.on_error.value == Fill::kFail && ViewOf(planned).optional) {
    Fail(column.on_error.at, absl::StrCat("view '", Quote(ViewOf(planned).name),
                                          "' is optional, so on_error cannot be FAIL"));
  }
  if (!by_default.empty() && !HasDefault(column)) {
    Fail(column.at, absl::StrCat("column '", Quote(planned.source), "' has no default, but ",
                                 absl::StrJoin(by_default, ", "),
                                 by_default.size() == 1 ? " is" : " are", " DEFAULT"));
  }
}

void ColumnBuilder::CheckLastKnown(const Bindings::Column& column, const PlannedColumn& planned,
                                   absl::string_view field, SourceLocation at) {
  if (column.kind == ColumnSource::kRequest) {
    Fail(at, absl::StrCat(field, ": LAST_KNOWN is for features, and '", Quote(planned.source),
                          "' is a request tensor"));
    return;
  }
  const std::string& view = ViewOf(planned).name;
  const auto bound = std::find_if(bindings_.views.begin(), bindings_.views.end(),
                                  [&](const Bindings::View& v) { return v.name.value == view; });
  if (bound == bindings_.views.end() || !bound->cache) {
    Fail(at, absl::StrCat(field, ": LAST_KNOWN needs a cache for the view: add view { name: \"",
                          Quote(view), "\" cache { ... } }"));
  }
  if (!HasDefault(column)) {
    Fail(at, absl::StrCat(field, ": LAST_KNOWN needs a default, for when nothing is known"));
  }
}

const FetchPlan::View& ColumnBuilder::ViewOf(const PlannedColumn& planned) const {
  return fetch_.views[planned.view];
}

}  // namespace tournant
