#include "predictions/pruning.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "predictions/file_names.h"
#include "predictions/prediction_reader.h"
#include "predictions/prune_mark.h"

namespace tournant {
namespace {

struct Found {
  std::string name;
  LogFileInfo info;
};

// The files of a log, the oldest first.
absl::StatusOr<std::vector<Found>> FilesOf(const LogDirectory& directory) {
  const auto names = directory.List();
  if (!names.ok()) return names.status();
  std::vector<Found> files;
  for (const std::string& name : *names) {
    if (!IsLogFile(name) && !IsDamagedFile(name)) continue;
    const auto info = directory.InfoOf(name);
    if (info.ok()) files.push_back({name, *info});  // Else it was renamed a moment ago.
  }
  std::sort(files.begin(), files.end(), [](const Found& a, const Found& b) {
    return std::tie(a.info.written, a.name) < std::tie(b.info.written, b.name);
  });
  return files;
}

// Nothing for a file that does not tell its run.
std::optional<PruneMark> MarkOf(const LogDirectory& directory, const std::string& name) {
  const ReadSummary read =
      ReadPredictionFile(directory, name, [](const LoggedPrediction&) { return true; });
  if (read.runs.empty()) return std::nullopt;
  const RunSummary& run = read.runs.front();
  PruneMark mark{.up_to = run.last, .end = run.end.has_value()};
  if (run.end) mark.up_to = std::max(mark.up_to, run.end->enqueued());
  return mark;
}

bool IsGone(const LogDirectory& directory, const std::string& name) {
  return absl::IsNotFound(directory.InfoOf(name).status());
}

// NOT_FOUND when somebody else has deleted it.
absl::Status Delete(LogDirectory& directory, const std::string& name) {
  if (const std::optional<PruneMark> mark = MarkOf(directory, name); mark) {
    // Reading takes a while, and a mark is not to be made again for a run of which nothing is left.
    if (IsGone(directory, name)) return absl::NotFoundError(name);
    const absl::Status marked = WritePruneMark(directory, PruneMarkName(name), *mark);
    // A mark that somebody removes meanwhile went after the files.
    if (!marked.ok()) return IsGone(directory, name) ? absl::NotFoundError(name) : marked;
  }
  return directory.Remove(name);
}

// The marks of runs of which nothing is left and nothing will come: they have ended, or were
// killed, for all that anybody can tell.
absl::Status DropMarks(LogDirectory& directory, WallTime now) {
  const auto names = directory.List();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!IsPruneMark(name)) continue;
    const bool used = std::any_of(names->begin(), names->end(), [&](const std::string& other) {
      return other != name && PruneMarkName(other) == name;
    });
    if (used) continue;
    const auto contents = directory.ReadAll(name);
    const auto info = directory.InfoOf(name);
    if (!contents.ok() || !info.ok()) continue;
    if (!ReadPruneMark(*contents).end && now - info->written <= kMarkOfSilentRun) continue;
    const absl::Status removed = directory.Remove(name);
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PruneSummary> PrunePredictions(
    LogDirectory& directory, WallTime now, const PruneLimits& limits,
    const std::function<void(const std::string&)>& deleted) {
  const auto files = FilesOf(directory);
  if (!files.ok()) return files.status();
  uint64_t total = 0;
  for (const Found& file : *files) total += file.info.bytes;
  PruneSummary summary;
  for (const Found& file : *files) {
    if (IsOpenFile(file.name)) continue;
    const bool too_much = limits.max_bytes && total > *limits.max_bytes;
    const bool too_old = limits.max_age && now - file.info.written > *limits.max_age;
    if (!too_much && !too_old) continue;
    const absl::Status gone = Delete(directory, file.name);
    if (!gone.ok() && !absl::IsNotFound(gone)) return gone;
    total -= file.info.bytes;
    if (!gone.ok()) continue;
    ++summary.files;
    summary.bytes += file.info.bytes;
    deleted(file.name);
  }
  if (absl::Status dropped = DropMarks(directory, now); !dropped.ok()) return dropped;
  return summary;
}

}  // namespace tournant
