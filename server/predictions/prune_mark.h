#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "predictions/log_files.h"

namespace tournant {

// What was deleted on purpose of a run of a log, so that a reader does not take it for lost. A file
// of lines beside the run's own, each written through before a file is deleted. The furthest line
// holds, since several may prune at once, and none of them knows what the others are about to
// write. A file that is marked and still there was left by somebody who was killed in between.
struct PruneMark {
  uint64_t up_to = 0;  // Sequence number.
  bool end = false;    // The end of the run is among it: nothing follows any more.
};

// "up to 100\n", or "up to 100, the end\n".
std::string PruneMarkLine(const PruneMark& mark);
// What all whole lines say together.
PruneMark ReadPruneMark(absl::string_view contents);

// Of the run that a file belongs to, by its name; empty for a file that is none of a log.
std::string PruneMarkName(absl::string_view file);
bool IsPruneMark(absl::string_view name);
// The time of the run whose mark has this name, as RunTime says it.
std::string RunOfPruneMark(absl::string_view name);

// Marks by the time of their run. What cannot be read is not there.
std::map<std::string, PruneMark> ReadPruneMarks(const LogDirectory& directory);

// Adds a line to the mark of that name and makes it durable. FAILED_PRECONDITION while another
// process does the same; NOT_FOUND or ABORTED when one removes the mark at this moment.
absl::Status WritePruneMark(LogDirectory& directory, const std::string& name,
                            const PruneMark& mark);

}  // namespace tournant
