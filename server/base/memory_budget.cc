#include "base/memory_budget.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tournant {

namespace {

int64_t Sum(const std::vector<MemoryBudget::Part>& parts) {
  int64_t sum = 0;
  for (const MemoryBudget::Part& part : parts) sum += part.bytes;
  return sum;
}

// The size in kB behind "KEY:" in /proc/self/status, in bytes.
int64_t FromStatus(const std::string& wanted) {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    int64_t kilobytes = 0;
    if (key == wanted && status >> kilobytes) return kilobytes * 1024;
    std::getline(status, key);
  }
  return 0;
}

}  // namespace

int64_t MemoryBudget::headroom() const { return Sum(parts) / 4; }

int64_t MemoryBudget::total() const { return Sum(parts) + headroom(); }

std::string MemoryBudget::Json() const {
  std::string json = "{";
  for (const Part& part : parts) absl::StrAppend(&json, "\"", part.name, "\":", part.bytes, ",");
  absl::StrAppend(&json, "\"headroom\":", headroom(), ",\"total\":", total());
  if (limit) absl::StrAppend(&json, ",\"limit\":", limit->bytes);
  return json + "}";
}

std::string MemoryBudget::Text() const {
  std::vector<Part> sorted = parts;
  std::sort(sorted.begin(), sorted.end(),
            [](const Part& one, const Part& other) { return one.bytes > other.bytes; });
  std::string text;
  for (const Part& part : sorted) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", part.name, " ", BytesText(part.bytes));
    if (!part.flag.empty()) absl::StrAppend(&text, " (", part.flag, ")");
  }
  return absl::StrCat(text, text.empty() ? "" : ", ", "a quarter more ", BytesText(headroom()));
}

absl::Status CheckMemoryBudget(const MemoryBudget& budget) {
  if (!budget.limit || budget.total() <= budget.limit->bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the memory limit of ", BytesText(budget.limit->bytes), " in ", budget.limit->file,
      " is less than the ", BytesText(budget.total()), " that may be needed, by ",
      BytesText(budget.total() - budget.limit->bytes), ": ", budget.Text()));
}

int64_t ResidentBytes() { return FromStatus("VmRSS:"); }

int64_t UnsharedBytes() { return FromStatus("RssAnon:"); }

std::string BytesText(int64_t bytes) {
  constexpr double kKi = 1024;
  if (bytes >= int64_t{1} << 30) {
    return absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / (kKi * kKi * kKi));
  }
  if (bytes >= int64_t{1} << 20) {
    return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / (kKi * kKi));
  }
  return absl::StrFormat("%.1f KiB", static_cast<double>(bytes) / kKi);
}

}  // namespace tournant
