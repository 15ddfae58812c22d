#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// Strings and their numbers: one string a line of a file, the number is that of the line, from 1. 0
// stands for a string that is not there. Immutable, shared by the columns that name the file.
class Vocabulary {
 public:
  // Lines end with LF or CR LF; the last one may go without. A string that is there twice, or a
  // file without any, is INVALID_ARGUMENT. `file` begins the errors.
  static absl::StatusOr<Vocabulary> Parse(absl::string_view file, absl::string_view text);
  static absl::StatusOr<Vocabulary> ReadFile(const std::filesystem::path& path);

  int64_t IdOf(absl::string_view text) const {
    const auto found = ids_.find(text);
    return found == ids_.end() ? 0 : found->second;
  }
  int64_t size() const { return static_cast<int64_t>(ids_.size()); }

 private:
  absl::flat_hash_map<std::string, int64_t> ids_;
};

}  // namespace tournant
