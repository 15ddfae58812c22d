#include "predictions/prune_mark.h"

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "predictions/file_names.h"

namespace tournant {
namespace {

constexpr absl::string_view kSuffix = ".pruned";
constexpr absl::string_view kUpTo = "up to ";
constexpr absl::string_view kEnd = ", the end";

}  // namespace

std::string PruneMarkLine(const PruneMark& mark) {
  return absl::StrCat(kUpTo, mark.up_to, mark.end ? kEnd : "", "\n");
}

PruneMark ReadPruneMark(absl::string_view contents) {
  PruneMark mark;
  // Behind the last newline is nothing, or a line that was cut off.
  const size_t whole = contents.rfind('\n');
  if (whole == absl::string_view::npos) return mark;
  for (absl::string_view line : absl::StrSplit(contents.substr(0, whole), '\n')) {
    PruneMark read;
    read.end = absl::ConsumeSuffix(&line, kEnd);
    if (!absl::ConsumePrefix(&line, kUpTo) || !absl::SimpleAtoi(line, &read.up_to)) continue;
    mark = {.up_to = std::max(mark.up_to, read.up_to), .end = mark.end || read.end};
  }
  return mark;
}

std::string PruneMarkName(absl::string_view file) {
  if (!absl::StartsWith(file, kFilePrefix)) return "";
  const size_t index = file.rfind('-');
  return index < kFilePrefix.size() ? "" : absl::StrCat(file.substr(0, index), kSuffix);
}

bool IsPruneMark(absl::string_view name) {
  return absl::StartsWith(name, kFilePrefix) && absl::EndsWith(name, kSuffix);
}

std::string RunOfPruneMark(absl::string_view name) {
  name.remove_prefix(kFilePrefix.size());
  name.remove_suffix(kSuffix.size());
  return std::string(name);
}

std::map<std::string, PruneMark> ReadPruneMarks(const LogDirectory& directory) {
  std::map<std::string, PruneMark> marks;
  const auto names = directory.List();
  if (!names.ok()) return marks;
  for (const std::string& name : *names) {
    if (!IsPruneMark(name)) continue;
    const auto contents = directory.ReadAll(name);
    if (contents.ok()) marks[RunOfPruneMark(name)] = ReadPruneMark(*contents);
  }
  return marks;
}

absl::Status WritePruneMark(LogDirectory& directory, const std::string& name,
                            const PruneMark& mark) {
  auto file = directory.Create(name);
  if (absl::IsAlreadyExists(file.status())) file = directory.Open(name);
  if (!file.ok()) return file.status();
  const auto before = directory.ReadAll(name);
  if (!before.ok()) return before.status();
  if (!before->empty() && before->back() != '\n') {
    const size_t whole = before->rfind('\n');
    const absl::Status cut = (*file)->Truncate(whole == std::string::npos ? 0 : whole + 1);
    if (!cut.ok()) return cut;
  }
  const std::string line = PruneMarkLine(mark);
  for (absl::string_view left = line; !left.empty();) {
    const absl::StatusOr<size_t> written = (*file)->Write(left);
    if (!written.ok()) return written.status();
    left.remove_prefix(*written);
  }
  return (*file)->Sync();
}

}  // namespace tournant
