#include "predictions/csv_cell.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tournant {

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string WithoutQuotes(const std::string& value) {
  if (value.empty() || value[0] != '"') return value;
  return nlohmann::json::parse(value).get<std::string>();
}

}  // namespace tournant
