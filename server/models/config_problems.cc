#include "models/config_problems.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

// A file of 1 MiB may hold 100,000 mistakes; nobody reads them all.
constexpr size_t kMostProblems = 100;

// A message of protobuf's, which quotes the text as it stands, in one line of bounded length.
std::string OneLine(absl::string_view message) {
  constexpr size_t kMostBytes = 400;
  std::string line(message.substr(0, kMostBytes));
  for (char& byte : line) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(byte))) byte = ' ';
  }
  return line;
}

}  // namespace

void ConfigProblems::AddError(int line, int column, const std::string& message) {
  Refuse(Location(line, column), OneLine(message));
}

void ConfigProblems::AddWarning(int line, int column, const std::string& message) {
  AddError(line, column, message);
}

void ConfigProblems::Add(Location at, absl::string_view text, Problems& problems) {
  if (problems.size() < kMostProblems) problems.emplace(std::pair(at.line, at.column), text);
}

std::vector<std::string> ConfigProblems::Lines(const Problems& problems) const {
  std::vector<std::string> lines;
  lines.reserve(problems.size());
  for (const auto& [at, text] : problems) {
    const auto [line, column] = at;
    const std::string place = line < 0 ? "" : absl::StrCat(line + 1, ":", column + 1, ":");
    lines.push_back(absl::StrCat(file_, ":", place, " ", text));
  }
  return lines;
}

absl::Status ConfigProblems::status() const {
  std::vector<absl::Status> errors;
  for (const std::string& line : Lines(errors_)) errors.push_back(absl::InvalidArgumentError(line));
  return JoinErrors(errors);
}

}  // namespace tournant
