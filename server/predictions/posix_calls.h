#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// "cannot WHAT PATH: ...", with the code that goes with an errno.
absl::Status FileError(int number, absl::string_view what, const std::string& path);

// A new name is on the disk only once its folder is.
absl::Status SyncFolder(const std::string& path);

}  // namespace tournant
