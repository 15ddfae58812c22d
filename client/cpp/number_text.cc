#include "cpp/number_text.h"

#include "absl/strings/str_cat.h"

namespace tournant::client {

std::string Thousands(int64_t number) {
  std::string text = absl::StrCat(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

}  // namespace tournant::client
