#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace tournant {

// The content of a small file that somebody wrote by hand. NOT_FOUND when there is none,
// INVALID_ARGUMENT when it is no regular file or larger than `max_bytes`; errors name the file.
absl::StatusOr<std::string> ReadTextFile(const std::filesystem::path& path, size_t max_bytes);

}  // namespace tournant
