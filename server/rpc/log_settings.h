#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "inference/grpc_service.pb.h"

namespace tournant {

// What LogSettings reads and changes: the levels that telemetry/log writes, for the whole process.
// `log_verbose_level` above 0 writes debug lines. `log_format` is remembered and changes nothing:
// a line is a JSON object whose time is ISO 8601 in both formats. Owned by InferenceService; any
// thread.
class LogSettings {
 public:
  LogSettings();

  // Changes what the request names and answers all settings. All or nothing: INVALID_ARGUMENT for
  // an unknown setting or a value of a wrong type, UNIMPLEMENTED for `log_file`.
  absl::Status Update(const inference::LogSettingsRequest& request,
                      inference::LogSettingsResponse& answer);

 private:
  Mutex mutex_;
  uint32_t verbose_level_ ABSL_GUARDED_BY(mutex_);
  std::string format_ ABSL_GUARDED_BY(mutex_) = "default";
};

}  // namespace tournant
