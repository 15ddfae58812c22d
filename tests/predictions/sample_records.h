#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "predictions/prediction_record.h"

namespace tournant {

inline NamedTensor FloatTensor(const std::string& name, const std::vector<float>& values) {
  NamedTensor named;
  named.name = name;
  named.tensor.type = DataType::kFp32;
  named.tensor.shape = {static_cast<int64_t>(values.size()), 1};
  named.tensor.bytes.resize(values.size() * sizeof(float));
  std::memcpy(named.tensor.bytes.data(), values.data(), named.tensor.bytes.size());
  return named;
}

inline NamedTensor TextTensor(const std::string& name, const std::vector<std::string>& values) {
  NamedTensor named;
  named.name = name;
  named.tensor.type = DataType::kBytes;
  named.tensor.shape = {static_cast<int64_t>(values.size()), 1};
  for (const std::string& value : values) AppendBytesElement(value, named.tensor.bytes);
  return named;
}

// Two rows of a model for flights.
inline PredictionRecord SampleRecord(const std::string& request_id = "r") {
  PredictionRecord record;
  record.request_id = request_id;
  record.model = "flights";
  record.version = 3;
  record.time = WallTime(std::chrono::seconds(1'700'000'000));
  record.rows = 2;
  record.inputs.push_back(TextTensor("carrier", {"UA", "B,6\""}));
  record.inputs.push_back(FloatTensor("distance", {0.1f, 1040}));
  record.outputs.push_back(FloatTensor("late", {0.25f, 0.75f}));
  record.has_features = true;
  record.features.live = 20;
  record.features.defaulted = 4;
  record.features.oldest_age_ms = 1500;
  record.features.degraded = true;
  record.times.accepted = std::chrono::microseconds(5);
  record.times.validating = std::chrono::microseconds(15);
  record.times.awaiting_features = std::chrono::microseconds(700);
  record.times.queued = std::chrono::microseconds(20);
  record.times.computing = std::chrono::microseconds(300);
  record.times.responding = std::chrono::microseconds(60);
  record.times.total = std::chrono::microseconds(1100);
  return record;
}

// The same, of a model whose input "dense" has rows of distance, seats, whether there are any, and
// how old that is.
inline PredictionRecord RecordWithFeatures(ModelLog::Options options = {}) {
  options.layout = {.feature_service = "flights_v1",
                    .bindings = "00ff",
                    .inputs = {{"dense", 4}, {"carrier", 0}},
                    .columns = {{"plane:seats", false, 0, 1, 1}, {"plane:seats", true, 0, 3, 1}},
                    .keys = {{"plane", "tailnum"}}};
  PredictionRecord record = SampleRecord();
  record.inputs.push_back(TextTensor("tailnum", {"N1", "N2"}));
  record.assembled = {FloatTensor("", {0.1f, 150, 1, 30, 1040, 200, 0, 31}).tensor, Tensor()};
  constexpr int64_t kTime = 1'699'999'999'000'000;
  record.cells.sources = {CellSource::kLive, CellSource::kDefaulted, CellSource::kLive,
                          CellSource::kLive};
  record.cells.event_times_us = {kTime, 0, kTime, kTime};
  record.log = std::make_shared<const ModelLog>(std::move(options));
  return record;
}

// A record whose size is mostly that of one tensor.
inline PredictionRecord RecordOfSize(size_t bytes) {
  PredictionRecord record;
  record.model = "m";
  NamedTensor tensor;
  tensor.name = "t";
  tensor.tensor.type = DataType::kUint8;
  tensor.tensor.shape = {static_cast<int64_t>(bytes)};
  tensor.tensor.bytes.assign(bytes, 'x');
  record.inputs.push_back(std::move(tensor));
  return record;
}

}  // namespace tournant
