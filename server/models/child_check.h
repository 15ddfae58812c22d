#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "models/check_request.h"

namespace tournant {

// A dry run of loading in a child process, so that a model file that crashes, hangs or eats
// memory harms the child and not the server.
struct ChildCheckOptions {
  std::string executable;              // Empty: no dry run.
  std::vector<std::string> arguments;  // Before --check_model=DIR.
  std::chrono::seconds timeout{120};
};

// Runs `<executable> <arguments> --check_model=...`, with more of what `request` says, and waits
// for its end, in the loader's thread. The child gets our environment without the settings in it
// (TOURNANT_*): what it shall know stands in `arguments`. OK when it ends with 0. Else
// INVALID_ARGUMENT with the lines of its output that begin with "error: ", without any with how it
// ended (crashed, took too long) and the last line that it wrote; CANCELLED on `stop`. Its stderr
// goes to ours when the check fails.
absl::Status CheckInChild(const ChildCheckOptions& options, const CheckRequest& request,
                          const Clock& clock, const std::stop_token& stop = {});

}  // namespace tournant
