#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "predictions/prediction_record.h"

namespace tournant {

inline std::string WrittenBytes(const std::string& run, uint64_t sequence) {
  std::string bytes;
  while (bytes.size() < 50 + sequence % 400) absl::StrAppend(&bytes, run, "-", sequence, " ");
  return bytes;
}

// A record of which everything follows from its run and number.
inline PredictionRecord WrittenRecord(const std::string& run, uint64_t sequence) {
  PredictionRecord record;
  record.request_id = absl::StrCat(run, ":", sequence);
  record.model = run;
  NamedTensor tensor;
  tensor.name = "t";
  tensor.tensor.type = DataType::kUint8;
  tensor.tensor.bytes = WrittenBytes(run, sequence);
  tensor.tensor.shape = {static_cast<int64_t>(tensor.tensor.bytes.size())};
  record.inputs.push_back(std::move(tensor));
  return record;
}

}  // namespace tournant
