#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "models/found_model.h"

namespace tournant {

// Letters, digits and "._-", not beginning with one of the latter, 128 bytes at most; none of
// the names that the health service answers for itself under, such as "live".
absl::Status CheckModelName(absl::string_view name);

// `directory` from the root on, without "." and ".." steps and without a slash at its end: its last
// part is a name, and the paths of all that lies in it begin with it.
std::filesystem::path AbsoluteDirectory(const std::filesystem::path& directory);

// The entries of a directory by name, hidden ones included.
absl::StatusOr<std::vector<std::filesystem::directory_entry>> DirectoryEntries(
    const std::filesystem::path& directory);
bool IsHidden(const std::filesystem::directory_entry& entry);

// Whether one of these is a version's directory: a canonical decimal above 0.
bool HasVersions(const std::vector<std::filesystem::directory_entry>& entries);

// Looks at <directory>/<version>/, without reading a model. Directories whose names are no versions
// are logged and left alone.
FoundModel ScanModel(const std::filesystem::path& directory, const std::string& name);

// Looks at a directory that holds the files of a model's only version, which is version 1.
FoundModel ScanFlatModel(const std::filesystem::path& directory, const std::string& name);

}  // namespace tournant
