#include "predictions/kafka_properties.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/text_file.h"

namespace tournant {
namespace {

absl::Status Bad(absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

// Properties are called like "sasl.mechanisms". Anything else may be the rest of a secret.
bool IsName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

absl::StatusOr<std::vector<KafkaProperty>> ParseKafkaProperties(absl::string_view text,
                                                                absl::string_view path) {
  std::vector<KafkaProperty> properties;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::string where = absl::StrCat(path, ":", ++number);
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) {
      return Bad(where, "a line is name=value, and this one has no '='");
    }
    const absl::string_view name = absl::StripAsciiWhitespace(line.substr(0, equals));
    const absl::string_view value = absl::StripAsciiWhitespace(line.substr(equals + 1));
    if (!IsName(name)) {
      return Bad(where, "before the '=' stands no name of a property, such as sasl.mechanisms");
    }
    if (absl::StrContains(value, '\0')) return Bad(where, "the value holds a zero byte");
    for (const KafkaProperty& other : properties) {
      if (other.name != name) continue;
      return Bad(where, absl::StrCat("'", name, "' stands in ", other.where, " already"));
    }
    properties.push_back({std::string(name), std::string(value), where});
  }
  return properties;
}

absl::StatusOr<std::vector<KafkaProperty>> ReadKafkaProperties(const std::string& path) {
  constexpr size_t kMost = size_t{1} << 20;
  const absl::StatusOr<std::string> text = ReadTextFile(path, kMost);
  if (!text.ok()) return text.status();
  return ParseKafkaProperties(*text, path);
}

}  // namespace tournant
