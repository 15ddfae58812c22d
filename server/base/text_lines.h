#pragma once

#include "absl/strings/string_view.h"

namespace tournant {

// Takes the first line off `text`, which is not empty, and returns it without its end. Lines end
// with LF or CR LF; the last one may go without.
inline absl::string_view TakeLine(absl::string_view& text) {
  const size_t end = text.find('\n');
  absl::string_view line = text.substr(0, end);
  text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace tournant
