#include "features/fetched_features.h"

namespace tournant {
namespace {

template <class T>
void Append(const std::vector<T>& from, size_t first, size_t count, std::vector<T>& to) {
  to.insert(to.end(), from.data() + first, from.data() + first + count);
}

}  // namespace

void FetchedFeatures::SetInteger(size_t feature, size_t row, int64_t value) {
  Cell& cell = at(feature, row);
  cell.state = CellState::kValue;
  cell.kind = Element::Kind::kInteger;
  cell.list = false;
  cell.size = 1;
  cell.integer = value;
}

void FetchedFeatures::SetFloating(size_t feature, size_t row, double value) {
  Cell& cell = at(feature, row);
  cell.state = CellState::kValue;
  cell.kind = Element::Kind::kFloating;
  cell.list = false;
  cell.size = 1;
  cell.floating = value;
}

void FetchedFeatures::SetText(size_t feature, size_t row, absl::string_view value) {
  BeginList(feature, row, Element::Kind::kText);
  AppendText(feature, row, value);
}

void FetchedFeatures::BeginList(size_t feature, size_t row, Element::Kind kind) {
  Cell& cell = at(feature, row);
  cell.state = CellState::kValue;
  cell.kind = kind;
  cell.list = true;
  cell.size = 0;
  switch (kind) {
    case Element::Kind::kInteger:
      cell.first = integers_.size();
      break;
    case Element::Kind::kFloating:
      cell.first = floatings_.size();
      break;
    case Element::Kind::kText:
      cell.first = texts_.size();
      break;
  }
}

void FetchedFeatures::AppendInteger(size_t feature, size_t row, int64_t value) {
  integers_.push_back(value);
  ++at(feature, row).size;
}

void FetchedFeatures::AppendFloating(size_t feature, size_t row, double value) {
  floatings_.push_back(value);
  ++at(feature, row).size;
}

void FetchedFeatures::AppendText(size_t feature, size_t row, absl::string_view value) {
  texts_.push_back({text_bytes_.size(), value.size()});
  text_bytes_.append(value.data(), value.size());
  ++at(feature, row).size;
}

void FetchedFeatures::SetTime(size_t feature, size_t row, int64_t event_time_us,
                              bool outside_max_age) {
  Cell& cell = at(feature, row);
  cell.event_time_us = event_time_us;
  cell.outside_max_age = outside_max_age;
}

void FetchedFeatures::CopyCell(size_t feature, size_t row, const FetchedFeatures& from,
                               size_t from_feature, size_t from_row) {
  const Cell& source = from.at(from_feature, from_row);
  Cell& cell = at(feature, row);
  cell = source;
  if (source.state != CellState::kValue || !source.list) return;
  BeginList(feature, row, source.kind);
  const size_t first = source.first;
  switch (source.kind) {
    case Element::Kind::kInteger:
      Append(from.integers_, first, source.size, integers_);
      break;
    case Element::Kind::kFloating:
      Append(from.floatings_, first, source.size, floatings_);
      break;
    case Element::Kind::kText:
      for (size_t i = 0; i < source.size; ++i) {
        AppendText(feature, row, from.element(from_feature, from_row, i).text);
      }
      return;
  }
  cell.size = source.size;
}

Element FetchedFeatures::element(size_t feature, size_t row, size_t index) const {
  const Cell& cell = at(feature, row);
  switch (cell.kind) {
    case Element::Kind::kInteger:
      return Element::Integer(cell.list ? integers_[cell.first + index] : cell.integer);
    case Element::Kind::kFloating:
      return Element::Floating(cell.list ? floatings_[cell.first + index] : cell.floating);
    case Element::Kind::kText:
      break;
  }
  const TextPlace& place = texts_[cell.first + index];
  return Element::Text(absl::string_view(text_bytes_).substr(place.offset, place.size));
}

size_t FetchedFeatures::bytes() const {
  return sizeof(*this) + cells_.capacity() * sizeof(Cell) + integers_.capacity() * sizeof(int64_t) +
         floatings_.capacity() * sizeof(double) + texts_.capacity() * sizeof(TextPlace) +
         text_bytes_.capacity() + (last_known_ == nullptr ? 0 : last_known_->bytes());
}

}  // namespace tournant
