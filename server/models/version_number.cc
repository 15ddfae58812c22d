#include "models/version_number.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace tournant {

std::optional<int64_t> ParseVersionNumber(absl::string_view text) {
  int64_t number = 0;
  if (text.empty() || text.front() == '0' ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace tournant
