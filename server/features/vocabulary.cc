#include "features/vocabulary.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text_file.h"
#include "base/text_lines.h"
#include "features/source_location.h"

namespace tournant {
namespace {

// Larger than any list of categories that one would feed to an embedding.
constexpr size_t kMaxFileBytes = size_t{64} << 20;

}  // namespace

absl::StatusOr<Vocabulary> Vocabulary::Parse(absl::string_view file, absl::string_view text) {
  Vocabulary vocabulary;
  int64_t line = 0;
  while (!text.empty()) {
    const absl::string_view word = TakeLine(text);
    ++line;
    const auto [entry, added] = vocabulary.ids_.emplace(std::string(word), line);
    if (!added) {
      return ErrorAt(
          file, {static_cast<int>(line), 1},
          absl::StrCat("'", Quote(word), "' is already the string of line ", entry->second));
    }
  }
  if (line == 0) return ErrorAt(file, {}, "a vocabulary needs at least one line");
  return vocabulary;
}

absl::StatusOr<Vocabulary> Vocabulary::ReadFile(const std::filesystem::path& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path, kMaxFileBytes);
  if (!text.ok()) return text.status();
  return Parse(path.string(), *text);
}

}  // namespace tournant
