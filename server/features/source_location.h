#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tournant {

// A place in a text file, as editors count: from 1. Line 0: nowhere in the file.
struct SourceLocation {
  int line = 0;
  int column = 0;
};

// A field of a text file with the place where it is set.
template <class T>
struct Located {
  T value{};
  SourceLocation at;

  bool given() const { return at.line > 0; }
};

// INVALID_ARGUMENT "file:line:column: text", which editors and terminals make clickable.
inline absl::Status ErrorAt(absl::string_view file, SourceLocation at, absl::string_view text) {
  if (at.line == 0) return absl::InvalidArgumentError(absl::StrCat(file, ": ", text));
  return absl::InvalidArgumentError(absl::StrCat(file, ":", at.line, ":", at.column, ": ", text));
}

}  // namespace tournant
