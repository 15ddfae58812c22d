#include "models/model_memory.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace tournant {
namespace {

constexpr int64_t kCopies = 3;

int64_t BytesBelow(const std::filesystem::path& folder) {
  std::error_code error;
  int64_t bytes = 0;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    const uintmax_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    if (!gone) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

}  // namespace

ModelMemory ModelMemoryOf(const std::vector<FoundModel>& models,
                          const std::function<bool(const std::string& name)>& loaded) {
  int64_t all = 0;
  int64_t largest = 0;
  for (const FoundModel& model : models) {
    if (model.versions.empty() || !loaded(model.name)) continue;
    const int64_t bytes = BytesBelow(model.versions.back().directory);
    all += bytes;
    largest = std::max(largest, bytes);
  }
  return {.served = all + (kCopies - 1) * largest, .dry_run = kCopies * largest};
}

}  // namespace tournant
