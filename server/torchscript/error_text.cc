#include "torchscript/error_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace tournant {
namespace {

constexpr size_t kMaxBytes = 300;
// Ends the mark below the source line of each frame of a traceback.
constexpr char kMark[] = "<--- HERE";

// "RuntimeError: ...", "builtins.ValueError: ..."
bool BeginsWithAName(absl::string_view line) {
  const size_t end = line.find(": ");
  if (end == absl::string_view::npos || end == 0) return false;
  for (const char c : line.substr(0, end)) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.') return false;
  }
  return true;
}

// The error below the last frame. Lines of the model's source may come before it, and they need not
// be indented.
absl::string_view BelowTheFrames(const std::vector<absl::string_view>& lines) {
  const auto last = std::find_if(lines.rbegin(), lines.rend(), [](absl::string_view line) {
    return absl::StrContains(line, kMark);
  });
  if (last == lines.rend()) return "";
  const auto found = std::find_if(last.base(), lines.end(), BeginsWithAName);
  return found == lines.end() ? "an error that LibTorch does not name" : *found;
}

}  // namespace

std::string OneLine(absl::string_view what) {
  const std::vector<absl::string_view> lines = absl::StrSplit(what, '\n');
  absl::string_view chosen = lines.front();
  bool traceback = false;
  for (absl::string_view line : lines) {
    if (absl::StartsWith(line, "Traceback")) {
      traceback = true;
    } else if (traceback && !line.empty() && !absl::ascii_isspace(line.front())) {
      chosen = line;  // The frames are indented, the error is not.
      break;
    } else if (!traceback && absl::StripAsciiWhitespace(chosen).empty()) {
      chosen = line;
    }
  }
  if (const absl::string_view below = BelowTheFrames(lines); !below.empty()) chosen = below;
  std::string text(absl::StripAsciiWhitespace(chosen.substr(0, kMaxBytes)));
  for (char& c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return text.empty() ? "no reason given" : text;
}

}  // namespace tournant
