#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tournant {

// Names of the log's files: predictions-20131001T120000.000000Z-00000001.tpred, where the time is
// when the run of the log began, so that the order of the names is the order of the records. While
// it is being written ".open" follows.
inline constexpr absl::string_view kFilePrefix = "predictions-";
inline constexpr absl::string_view kFileSuffix = ".tpred";
inline constexpr absl::string_view kOpenSuffix = ".tpred.open";
inline constexpr absl::string_view kDamagedSuffix = ".damaged";  // Behind the final name.

// A run of a log: from one start of the server to its end.
struct LogRun {
  uint64_t id = 0;  // Microseconds since 1970.
  std::string name;
};

// When a run began, as its name says it: 20131001T120000.000000Z.
std::string RunTime(uint64_t run);

// A run that no other log has, wherever that is: when it began, and a part of a random number.
std::string UniqueRun(WallTime now, uint64_t random);

// The run that begins now; a later one when `files` already has that one (the clock stood still or
// went back, or another server has just started).
LogRun NewRun(WallTime now, const std::vector<std::string>& files);

std::string FileName(const LogRun& run, uint64_t index);      // Finished.
std::string OpenFileName(const LogRun& run, uint64_t index);  // Being written.

bool IsLogFile(absl::string_view name);   // Either of the two.
bool IsOpenFile(absl::string_view name);  // The second.
// One of which a crash has left nothing that can be read.
bool IsDamagedFile(absl::string_view name);
// The name of an open file once it is finished.
std::string FinishedName(absl::string_view open_name);

}  // namespace tournant
