#pragma once

#include "absl/status/status.h"
#include "predictions/log_files.h"

namespace tournant {

// Finishes files that a writer left open when it died: cuts off what lies behind the last valid
// record and gives them their final name. A file whose first record was never finished is removed;
// one that is damaged so that no record can be read is kept under its name with ".damaged". Files
// that another process is writing are left alone. What is done is logged. An error means that the
// folder itself cannot be used.
absl::Status RecoverOpenFiles(LogDirectory& directory);

}  // namespace tournant
