#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// Reads a file of the repository whole, once: what is checked is what is loaded. Refuses symbolic
// links and whatever is not a regular file (FAILED_PRECONDITION), and files above `max_bytes`
// (RESOURCE_EXHAUSTED); NOT_FOUND when there is none. Messages are without the path, which callers
// put before them.
absl::StatusOr<std::string> ReadModelFile(const std::filesystem::path& path, int64_t max_bytes);

// Whether `name`, from a config, is that of a file in the folder where it is looked for: neither a
// path nor "." or "..".
bool IsPlainFileName(absl::string_view name);

}  // namespace tournant
