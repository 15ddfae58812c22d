#include "base/text_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace tournant {

absl::StatusOr<std::string> ReadTextFile(const std::filesystem::path& path, size_t max_bytes) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return absl::NotFoundError(absl::StrCat(path.string(), ": there is no such file"));
  }
  if (status.type() != std::filesystem::file_type::regular) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": is no regular file"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": ", std::strerror(errno)));
  }
  std::string content;
  char block[1 << 16];
  do {
    file.read(block, sizeof(block));
    content.append(block, static_cast<size_t>(file.gcount()));
    if (content.size() > max_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), ": is larger than ", max_bytes, " bytes"));
    }
  } while (file);
  if (!file.eof()) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": cannot be read"));
  }
  return content;
}

}  // namespace tournant
