#include "predictions/open_prediction_log.h"

#include <utility>

#include "base/status.h"
#include "predictions/posix_log_files.h"
#include "predictions/record_codec.h"

namespace tournant {

absl::StatusOr<std::unique_ptr<PredictionLog>> OpenPredictionLog(const std::string& sink,
                                                                 PredictionLog::Options options,
                                                                 const Clock& clock) {
  options.sink = sink;
  auto directory = PosixLogDirectory::Make(sink);
  if (!directory.ok()) return Annotate(directory.status(), "prediction log");
  return PredictionLog::Open(std::move(options), clock, *std::move(directory), EncodeRecord);
}

}  // namespace tournant
