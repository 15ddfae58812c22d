#include "predictions/logged_columns.h"

#include <algorithm>
#include <span>
#include <vector>

#include "predictions/hashed_values.h"
#include "predictions/model_log.h"

namespace tournant {
namespace {

static_assert(static_cast<int>(CellSource::kLive) == LoggedColumn::LIVE &&
              static_cast<int>(CellSource::kCached) == LoggedColumn::CACHED &&
              static_cast<int>(CellSource::kStale) == LoggedColumn::STALE &&
              static_cast<int>(CellSource::kDefaulted) == LoggedColumn::DEFAULTED &&
              static_cast<int>(CellSource::kFromRequest) == LoggedColumn::FROM_REQUEST);

// The elements of one column, of all rows. False when the tensor is not what the layout says.
bool Cut(const Tensor& tensor, const FeatureLayout::Input& input,
         const FeatureLayout::Column& column, size_t rows, std::string& raw) {
  if (tensor.type == DataType::kBytes) {
    std::vector<absl::string_view> elements;
    const auto count = static_cast<int64_t>(rows * input.width);
    if (!SplitBytesElements(tensor.bytes, count, elements).ok()) return false;
    for (size_t row = 0; row < rows; ++row) {
      for (size_t i = 0; i < column.width; ++i) {
        AppendBytesElement(elements[row * input.width + column.offset + i], raw);
      }
    }
    return true;
  }
  const size_t size = ElementSize(tensor.type);
  if (size == 0 || tensor.bytes.size() != rows * input.width * size) return false;
  raw.reserve(rows * column.width * size);
  for (size_t row = 0; row < rows; ++row) {
    raw.append(tensor.bytes, (row * input.width + column.offset) * size, column.width * size);
  }
  return true;
}

// One value where all are the same.
template <class T>
std::span<const T> Shortened(std::span<const T> values) {
  const bool same = std::all_of(values.begin(), values.end(),
                                [&](const T& value) { return value == values.front(); });
  return same && !values.empty() ? values.first(1) : values;
}

void SetCells(const FeatureCells& cells, size_t column, size_t rows, LoggedColumn& logged) {
  if (cells.sources.size() < (column + 1) * rows) return;
  const std::span<const CellSource> sources(cells.sources.data() + column * rows, rows);
  for (const CellSource source : Shortened(sources)) {
    logged.add_source(static_cast<LoggedColumn::Source>(source));
  }
  const std::span<const int64_t> times(cells.event_times_us.data() + column * rows, rows);
  for (const int64_t time : Shortened(times)) logged.add_event_time_unix_us(time);
}

}  // namespace

void AddLoggedColumns(const PredictionRecord& record, LoggedPrediction& message) {
  if (record.log == nullptr) return;
  const FeatureLayout& layout = record.log->layout();
  message.set_feature_service(layout.feature_service);
  message.set_bindings(layout.bindings);
  for (const FeatureLayout::Key& key : layout.keys) {
    if (!record.log->Allows(key.request)) continue;
    LoggedEntityKey& logged = *message.add_entity_keys();
    logged.set_join_key(key.join_key);
    logged.set_input(key.request);
  }
  if (record.assembled.size() != layout.inputs.size()) return;
  const auto rows = static_cast<size_t>(std::max<int64_t>(record.rows, 0));
  for (size_t i = 0; i < layout.columns.size(); ++i) {
    const FeatureLayout::Column& column = layout.columns[i];
    if (!record.log->Allows(column.feature)) continue;
    const FeatureLayout::Input& input = layout.inputs[column.input];
    const Tensor& tensor = record.assembled[column.input];
    LoggedColumn& logged = *message.add_columns();
    logged.set_feature(column.feature);
    logged.set_age_seconds(column.age_seconds);
    logged.set_input(input.name);
    LoggedTensor& values = *logged.mutable_values();
    const absl::string_view type = DataTypeName(tensor.type);
    values.set_datatype(type.data(), type.size());
    values.add_shape(static_cast<int64_t>(rows));
    values.add_shape(static_cast<int64_t>(column.width));
    if (!Cut(tensor, input, column, rows, *values.mutable_raw())) {
      values.clear_raw();
      values.set_omitted_bytes(tensor.bytes.size());
    }
    if (record.log->TooLarge(values.raw().size())) {
      values.set_omitted_bytes(values.raw().size());
      values.clear_raw();
    }
    if (record.log->Hashes(column.feature)) HashValues(record.log->salt(), values);
    SetCells(record.cells, i, rows, logged);
  }
}

}  // namespace tournant
