#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "predictions/log_sink.h"
#include "predictions/prediction_log.h"

namespace tournant {

// Makes a store for kKafka; null where the program was built without librdkafka.
using KafkaOpener = std::function<absl::StatusOr<std::unique_ptr<RecordStore>>(const LogSink&)>;

// The prediction log that saves into `sink`; a folder is made where there is none, and what an
// earlier run left open is recovered. An error names what is wrong with the sink. `clock` outlives
// the log.
absl::StatusOr<std::unique_ptr<PredictionLog>> OpenPredictionLog(
    const LogSink& sink, PredictionLog::Options options, const Clock& clock,
    const KafkaOpener& kafka = nullptr);

}  // namespace tournant
