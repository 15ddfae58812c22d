#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "predictions/prediction_record.h"

namespace tournant {

// What a record takes in memory, roughly: its bytes and names, and a little for each object.
size_t RecordBytes(const PredictionRecord& record);

// A serialized tournant.LoggedPrediction in `payload`. The record is moved from, so that its
// tensors are copied only once.
absl::Status EncodeRecord(PredictionRecord&& record, uint64_t sequence, std::string& payload);

using RecordEncoder =
    std::function<absl::Status(PredictionRecord&&, uint64_t sequence, std::string&)>;
// The same with the run in each record (LoggedPrediction.run), for stores that hold it nowhere
// else.
RecordEncoder EncoderOfRun(std::string run);
// As a line of JSON (prediction_json.h), with its newline.
RecordEncoder JsonLineEncoderOfRun(std::string run);

}  // namespace tournant
