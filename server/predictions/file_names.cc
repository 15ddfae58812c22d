#include "predictions/file_names.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace tournant {
std::string RunTime(uint64_t run) {
  return absl::FormatTime("%Y%m%dT%H%M%E6SZ", absl::FromUnixMicros(static_cast<int64_t>(run)),
                          absl::UTCTimeZone());
}

std::string UniqueRun(WallTime now, uint64_t random) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  return absl::StrCat(RunTime(static_cast<uint64_t>(micros)), "-",
                      absl::StrFormat("%08x", random & 0xffff'ffff));
}

LogRun NewRun(WallTime now, const std::vector<std::string>& files) {
  int64_t micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  for (micros = std::max<int64_t>(0, micros);; ++micros) {
    LogRun run;
    run.id = static_cast<uint64_t>(micros);
    run.name = absl::StrCat(kFilePrefix, RunTime(run.id));
    const bool taken = std::any_of(files.begin(), files.end(), [&](const std::string& file) {
      return absl::StartsWith(file, run.name);
    });
    if (!taken) return run;
  }
}

std::string FileName(const LogRun& run, uint64_t index) {
  return absl::StrCat(run.name, "-", absl::StrFormat("%08d", index), kFileSuffix);
}

std::string OpenFileName(const LogRun& run, uint64_t index) {
  return absl::StrCat(FileName(run, index), ".open");
}

bool IsLogFile(absl::string_view name) {
  return absl::StartsWith(name, kFilePrefix) &&
         (absl::EndsWith(name, kFileSuffix) || absl::EndsWith(name, kOpenSuffix));
}

bool IsOpenFile(absl::string_view name) {
  return absl::StartsWith(name, kFilePrefix) && absl::EndsWith(name, kOpenSuffix);
}

bool IsDamagedFile(absl::string_view name) {
  return absl::StartsWith(name, kFilePrefix) &&
         absl::EndsWith(name, absl::StrCat(kFileSuffix, kDamagedSuffix));
}

std::string FinishedName(absl::string_view open_name) {
  return std::string(
      open_name.substr(0, open_name.size() - (kOpenSuffix.size() - kFileSuffix.size())));
}

}  // namespace tournant
