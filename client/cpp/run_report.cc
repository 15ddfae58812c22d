#include "cpp/run_report.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cpp/number_text.h"

namespace tournant::client {
namespace {

std::string Count(uint64_t number) { return Thousands(static_cast<int64_t>(number)); }

std::string Records(uint64_t number) {
  return absl::StrCat(Count(number), number == 1 ? " record" : " records");
}

// What the log itself counted, "10 dropped (8 full, 2 io)", and what must have gone since. Some of
// what was dropped may have been among the records that were pruned, or that nobody looked at.
std::string Fate(const RunSummary& run, const LoggedRunEnd& end) {
  const std::pair<const char*, uint64_t> reasons[] = {{"full", end.dropped_full()},
                                                      {"oversize", end.dropped_oversize()},
                                                      {"serialize", end.dropped_serialize()},
                                                      {"io", end.dropped_io()},
                                                      {"shutdown", end.dropped_shutdown()}};
  uint64_t dropped = 0;
  std::vector<std::string> texts;
  for (const auto& [reason, count] : reasons) {
    dropped += count;
    if (count > 0) texts.push_back(absl::StrCat(Count(count), " ", reason));
  }
  const bool whole = run.pruned == 0 && run.from == 1;
  const bool tells = run.missing > dropped && (whole || dropped == 0);
  const std::string lost = tells ? absl::StrCat(Count(run.missing - dropped), " lost") : "";
  if (dropped == 0) return lost;
  return absl::StrCat(Count(dropped), " dropped (", absl::StrJoin(texts, ", "), ")",
                      lost.empty() ? "" : ", ", lost);
}

}  // namespace

std::string RunReport(const RunSummary& run) {
  const std::string name = absl::StrCat("run ", run.run);
  const std::string pruned =
      run.pruned > 0 ? absl::StrCat(", ", Count(run.pruned), " pruned") : std::string();
  const std::string from =
      run.from > 1 ? absl::StrCat(" from number ", Count(run.from), " on") : std::string();
  if (run.end) {
    const std::string ended =
        absl::StrCat(name, " ended in order after ", Records(run.end->enqueued()));
    if (run.missing == 0) return absl::StrCat(ended, ": complete", from, pruned);
    const std::string fate = Fate(run, *run.end);
    return absl::StrCat(ended, ": ", Count(run.missing), " missing", from, fate.empty() ? "" : ", ",
                        fate, pruned);
  }
  return absl::StrCat(name,
                      run.marks_end ? " has not ended in order (killed, or still running): "
                                    : " is of a version that does not mark its end: ",
                      Records(run.records), " up to number ", Count(run.last), ", ",
                      Count(run.missing), " missing", from, pruned);
}

}  // namespace tournant::client
