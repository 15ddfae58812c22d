#include "features/input_assembler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "features/element.h"

namespace tournant {
namespace {

absl::string_view LackText(int lack) {
  constexpr absl::string_view kTexts[] = {"is missing", "is null", "is stale",
                                          "could not be fetched"};
  return kTexts[lack];
}

}  // namespace

absl::Status InputAssembler::Misfit(int position, size_t row, const Element& element) const {
  const DataType given = call_.request[static_cast<size_t>(position)].tensor.type;
  const DataType type = input_.spec.type;
  const std::string target =
      absl::StrCat("the ", DataTypeName(type), " of '", input_.spec.name, "'");
  return Refuse(position, row, WhyUnfit(element, given, type, target));
}

absl::Status InputAssembler::NoWord(int position, size_t row, const Element& element) const {
  const DataType given = call_.request[static_cast<size_t>(position)].tensor.type;
  return Refuse(position, row,
                WhyUnfit(element, given, DataType::kBytes, "a vocabulary, which takes BYTES"));
}

absl::Status InputAssembler::Refuse(int position, size_t row, const std::string& why) const {
  const std::string name = Quote(call_.request[static_cast<size_t>(position)].name);
  return InvalidField(absl::StrCat("inputs[", position, "].contents"),
                      absl::StrCat("input '", name, "', row ", row, ": ", why));
}

Tensor InputAssembler::Shaped() {
  Tensor tensor;
  tensor.type = input_.spec.type;
  if (call_.batched) tensor.shape.push_back(call_.rows);
  tensor.shape.insert(tensor.shape.end(), input_.spec.dims.begin(), input_.spec.dims.end());
  tensor.bytes = std::move(bytes_);
  return tensor;
}

absl::StatusOr<Tensor> InputAssembler::FromOverride(int position) {
  absl::StatusOr<GivenElements> given =
      GivenElements::Make(call_.request, position, call_.rows, input_.width);
  if (!given.ok()) return given.status();
  const size_t rows = static_cast<size_t>(call_.rows);
  bytes_.reserve(rows * input_.width * ElementSize(input_.spec.type));
  for (size_t i = 0; i < rows * input_.width; ++i) {
    const Element element = given->at(i);
    if ((element.is_nan() && !input_.allow_nan) ||
        !AppendElement(element, input_.spec.type, bytes_)) {
      return Misfit(position, i / input_.width, element);
    }
  }
  for (const PlannedColumn& column : input_.columns) {
    if (column.kind == ColumnSource::kRequest) continue;
    for (size_t row = 0; row < rows; ++row) Count(column, row, CellSource::kFromRequest);
  }
  return Shaped();
}

absl::StatusOr<Tensor> InputAssembler::Assemble() {
  absl::Status opened = OpenColumns();
  if (!opened.ok()) return opened;
  const size_t rows = static_cast<size_t>(call_.rows);
  bytes_.reserve(rows * input_.width * ElementSize(input_.spec.type));
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < input_.columns.size(); ++column) {
      absl::Status appended = AppendCell(column, row);
      if (!appended.ok()) return appended;
    }
  }
  return Shaped();
}

absl::Status InputAssembler::OpenColumns() {
  given_.resize(input_.columns.size());
  positions_.assign(input_.columns.size(), BoundRequest::kAbsent);
  for (size_t i = 0; i < input_.columns.size(); ++i) {
    const PlannedColumn& column = input_.columns[i];
    const bool from_request = column.kind == ColumnSource::kRequest;
    positions_[i] = (from_request ? call_.bound.requests : call_.bound.features)[column.index];
    // The age of a value that the caller gave needs no look at it.
    if (positions_[i] == BoundRequest::kAbsent || column.kind == ColumnSource::kAgeSeconds)
      continue;
    absl::StatusOr<GivenElements> given =
        GivenElements::Make(call_.request, positions_[i], call_.rows, column.width);
    if (!given.ok()) return given.status();
    given_[i].emplace(*std::move(given));
  }
  return absl::OkStatus();
}

absl::Status InputAssembler::AppendCell(size_t index, size_t row) {
  const PlannedColumn& column = input_.columns[index];
  if (positions_[index] != BoundRequest::kAbsent) {
    if (column.kind != ColumnSource::kRequest) Count(column, row, CellSource::kFromRequest);
    if (column.kind == ColumnSource::kAgeSeconds) {
      AppendElement(Element::Floating(0), input_.spec.type, bytes_);
      AppendIndicator(column, true);
      return absl::OkStatus();
    }
    return AppendGiven(column, *given_[index], positions_[index], row);
  }
  if (column.kind == ColumnSource::kRequest) return FillCell(column, row, Lack::kMissing, "");
  if (!call_.fetched.ok()) {
    return FillCell(column, row, Lack::kError, call_.fetched.status().message());
  }
  const std::optional<Lack> lack = LackOf(column, row);
  if (lack) return FillCell(column, row, *lack, DetailOf(column, row));
  return AppendFetched(column, row);
}

absl::Status InputAssembler::AppendGiven(const PlannedColumn& column, const GivenElements& given,
                                         int position, size_t row) {
  for (size_t i = 0; i < column.width; ++i) {
    Element element = given.at(row * column.width + i);
    if (column.vocabulary != nullptr) {
      if (element.kind != Element::Kind::kText) return NoWord(position, row, element);
      element = Element::Integer(column.vocabulary->IdOf(element.text));
    }
    if ((element.is_nan() && !input_.allow_nan) ||
        !AppendElement(element, input_.spec.type, bytes_)) {
      return Misfit(position, row, element);
    }
  }
  AppendIndicator(column, true);
  return absl::OkStatus();
}

std::optional<InputAssembler::Lack> InputAssembler::LackOf(const PlannedColumn& column,
                                                           size_t row) const {
  const FetchedFeatures& fetched = *call_.fetched;
  switch (fetched.state(column.index, row)) {
    case CellState::kAbsent:
      return Lack::kMissing;
    case CellState::kNull:
      return Lack::kNull;
    case CellState::kUnusable:
    case CellState::kNotFetched:
      return Lack::kError;
    case CellState::kValue:
      break;
  }
  const int64_t time = fetched.event_time_us(column.index, row);
  if (column.max_age_us && time != FetchedFeatures::kUnknownTime) {
    if (call_.now_us - time > *column.max_age_us) return Lack::kStale;
    return std::nullopt;
  }
  // Whoever asks for the age wants to see a high one, too.
  if (column.kind == ColumnSource::kAgeSeconds) {
    if (time == FetchedFeatures::kUnknownTime) return Lack::kMissing;
    return std::nullopt;
  }
  if (fetched.outside_max_age(column.index, row)) return Lack::kStale;
  return std::nullopt;
}

void InputAssembler::Count(const PlannedColumn& column, size_t row, CellSource source) {
  static constexpr int64_t CellCounts::* kCounters[] = {nullptr,
                                                        &CellCounts::live,
                                                        &CellCounts::cached,
                                                        &CellCounts::stale,
                                                        &CellCounts::defaulted,
                                                        &CellCounts::from_request};
  int64_t CellCounts::* const counter = kCounters[static_cast<size_t>(source)];
  ++(provenance_.*counter);
  ++(assembled_.by_view[column.view].*counter);
  if (!assembled_.cells.empty()) assembled_.cells.sources[CellOf(column, row)] = source;
}

absl::string_view InputAssembler::DetailOf(const PlannedColumn& column, size_t row) const {
  switch (call_.fetched->state(column.index, row)) {
    case CellState::kUnusable:
      return "it has no usable value";
    case CellState::kNotFetched:
      return call_.fetched->error().message();
    default:
      return "";
  }
}

void InputAssembler::NoteAge(const PlannedColumn& column, size_t row, const FetchedFeatures& from) {
  const int64_t time = from.event_time_us(column.index, row);
  if (time == FetchedFeatures::kUnknownTime) {
    ++provenance_.unknown_age;
    return;
  }
  if (!assembled_.cells.empty()) assembled_.cells.event_times_us[CellOf(column, row)] = time;
  // A value from the future is a clock that is wrong somewhere; it is not younger than now.
  if (time > call_.now_us) ++provenance_.from_future;
  const int64_t age_ms = std::max<int64_t>(0, call_.now_us - time) / 1000;
  provenance_.oldest_age_ms = std::max(provenance_.oldest_age_ms, age_ms);
}

absl::Status InputAssembler::AppendFetched(const PlannedColumn& column, size_t row) {
  const FetchedFeatures& fetched = *call_.fetched;
  if (const std::optional<Unfit> unfit = AppendValue(column, row, fetched)) {
    return FillCell(column, row, unfit->lack, unfit->detail);
  }
  const bool cached = fetched.origin(column.index, row) == CellOrigin::kCached;
  Count(column, row, cached ? CellSource::kCached : CellSource::kLive);
  NoteAge(column, row, fetched);
  AppendIndicator(column, true);
  return absl::OkStatus();
}

std::optional<InputAssembler::Unfit> InputAssembler::AppendValue(const PlannedColumn& column,
                                                                 size_t row,
                                                                 const FetchedFeatures& from) {
  if (column.kind == ColumnSource::kAgeSeconds) {
    const int64_t time = from.event_time_us(column.index, row);
    if (time == FetchedFeatures::kUnknownTime) return Unfit{Lack::kMissing, ""};
    const double seconds = static_cast<double>(std::max<int64_t>(0, call_.now_us - time)) / 1e6;
    AppendElement(Element::Floating(seconds), input_.spec.type, bytes_);
    return std::nullopt;
  }
  const size_t size = from.size(column.index, row);
  if (size != column.width) {
    return Unfit{Lack::kError, absl::StrCat("it has ", size, " values instead of ", column.width)};
  }
  const size_t mark = bytes_.size();
  for (size_t i = 0; i < size; ++i) {
    Element element = from.element(column.index, row, i);
    // Stores that come from data frames write a NaN where there is nothing.
    if (element.is_nan() && !input_.allow_nan) {
      bytes_.resize(mark);
      return Unfit{Lack::kNull, ""};
    }
    const bool text = element.kind == Element::Kind::kText;
    if (column.vocabulary != nullptr && text) {
      element = Element::Integer(column.vocabulary->IdOf(element.text));
    }
    if ((column.vocabulary != nullptr && !text) ||
        !AppendElement(element, input_.spec.type, bytes_)) {
      bytes_.resize(mark);
      return Unfit{Lack::kError,
                   absl::StrCat("its value does not fit into ",
                                column.vocabulary != nullptr ? "a vocabulary"
                                                             : DataTypeName(input_.spec.type))};
    }
  }
  return std::nullopt;
}

bool InputAssembler::AppendLastKnown(const PlannedColumn& column, size_t row, Lack lack) {
  if (!call_.fetched.ok()) return false;
  // A stale value is the last one that was seen.
  const FetchedFeatures* const from =
      lack == Lack::kStale ? &*call_.fetched : call_.fetched->last_known();
  if (from == nullptr || from->state(column.index, row) != CellState::kValue) return false;
  if (AppendValue(column, row, *from)) return false;
  Count(column, row, CellSource::kStale);
  NoteAge(column, row, *from);
  return true;
}

absl::Status InputAssembler::FillCell(const PlannedColumn& column, size_t row, Lack lack,
                                      absl::string_view detail) {
  Fill fill = Fill::kDefault;
  switch (lack) {
    case Lack::kMissing:
      fill = column.on_missing;
      break;
    case Lack::kNull:
      fill = column.on_null;
      break;
    case Lack::kStale:
      fill = column.on_stale;
      break;
    case Lack::kError:
      fill = column.on_error;
      break;
  }
  if (fill == Fill::kFail) {
    const std::string text =
        absl::StrCat("feature '", column.source, "' of row ", row, " ",
                     LackText(static_cast<int>(lack)), detail.empty() ? "" : ": ", detail);
    return lack == Lack::kError ? absl::UnavailableError(text)
                                : absl::FailedPreconditionError(text);
  }
  if (fill != Fill::kLastKnown || !AppendLastKnown(column, row, lack)) {
    bytes_.append(fill == Fill::kNan ? column.nan_bytes : column.default_bytes);
    if (column.kind != ColumnSource::kRequest) Count(column, row, CellSource::kDefaulted);
  }
  AppendIndicator(column, false);
  if (column.kind != ColumnSource::kRequest && (lack == Lack::kStale || lack == Lack::kError)) {
    provenance_.degraded = true;
  }
  return absl::OkStatus();
}

void InputAssembler::AppendIndicator(const PlannedColumn& column, bool there) {
  if (column.indicator) AppendElement(Element::Integer(there ? 1 : 0), input_.spec.type, bytes_);
}

}  // namespace tournant
