#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "predictions/prune_mark.h"
#include "tournant/prediction.pb.h"

namespace tournant {

// What there is of one run of a log.
struct RunSummary {
  std::string run;       // When it began, as in the names of its files.
  uint64_t records = 0;  // That were read.
  uint64_t from = 1;     // Of what came before this number nobody looked; in a file alone.
  uint64_t last = 0;     // The highest number among them.
  // Records of which there is none, up to the end of the run; up to `last` where the end is
  // unknown.
  uint64_t missing = 0;
  uint64_t pruned = 0;              // Of which there is none because they were deleted on purpose.
  std::optional<LoggedRunEnd> end;  // Nothing: the run was killed, or goes on, unless
  bool marks_end = true;            // its files are of a version that does not tell.
};

// Whether a log gives that number to a record: they count from 1, and none is the last.
constexpr bool IsSequence(uint64_t number) { return number != 0 && number != UINT64_MAX; }

// Keeps the books of a log's runs while its files are read, in order. One thread.
class RunLedger {
 public:
  // `pruned`: by the time of the run.
  explicit RunLedger(std::map<std::string, PruneMark> pruned) : pruned_(std::move(pruned)) {}

  // Numbers that ought to have come before: `last` is below `first` when there are none.
  struct Gap {
    uint64_t first = 1;
    uint64_t last = 0;
    uint64_t size() const { return last + 1 - first; }
  };

  // A file of the run follows. `marks_end`: its version is one that tells when a run ends. `alone`:
  // it is read without those before it, so its first record is no proof that others are missing.
  void Begin(uint64_t run, bool marks_end, bool alone);
  // The mark of the run that began at `run` has grown since. True when it goes beyond what was
  // noted of that run, or holds its end.
  bool NotePruned(const std::string& run, const PruneMark& mark);
  // Of the file that was begun. A number that is an IsSequence; `end` counts less than UINT64_MAX.
  Gap NoteRecord(uint64_t sequence);
  Gap NoteEnd(const LoggedRunEnd& end);

  // In the order in which they were begun.
  std::vector<RunSummary> Take();

 private:
  struct Run {
    RunSummary summary;
    size_t order = 0;
    bool anywhere = false;  // The next record may have any number.
    uint64_t pruned_up_to = 0;
  };
  Gap NoteUpTo(uint64_t next);

  std::map<std::string, PruneMark> pruned_;
  std::map<uint64_t, Run> runs_;
  Run* current_ = nullptr;
};

}  // namespace tournant
