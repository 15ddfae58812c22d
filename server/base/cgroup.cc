#include "base/cgroup.h"

#include <fstream>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace tournant {
namespace {

// Where the files of a hierarchy lie.
struct Mount {
  std::string root;   // The group whose folder it is.
  std::string point;  // That folder.
};

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// mountinfo writes spaces in paths as \040, and tabs, newlines and backslashes likewise.
std::string Unescaped(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Of a controller of version 1, or of version 2 where it is empty.
std::optional<Mount> FindMount(const std::string& root, absl::string_view controller) {
  for (const std::string& line : LinesOf(absl::StrCat(root, "/proc/self/mountinfo"))) {
    // ID parent device root point options [fields...] - type source options
    const std::vector<absl::string_view> halves = absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (halves.size() != 2) continue;
    const std::vector<absl::string_view> front = absl::StrSplit(halves[0], ' ');
    const std::vector<absl::string_view> back = absl::StrSplit(halves[1], ' ');
    if (front.size() < 5 || back.size() < 3) continue;
    if (back[0] != (controller.empty() ? "cgroup2" : "cgroup")) continue;
    if (!controller.empty()) {
      const std::vector<absl::string_view> options = absl::StrSplit(back[2], ',');
      if (!absl::c_linear_search(options, controller)) continue;
    }
    return Mount{Unescaped(front[3]), Unescaped(front[4])};
  }
  return std::nullopt;
}

// The group of this process in the hierarchy of a controller; "/" where that is not said.
std::string FindGroup(const std::string& root, absl::string_view controller) {
  for (const std::string& line : LinesOf(absl::StrCat(root, "/proc/self/cgroup"))) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<absl::string_view> controllers = absl::StrSplit(parts[1], ',');
    if (controller.empty() ? parts[1].empty() : absl::c_linear_search(controllers, controller)) {
      return std::string(parts[2]);
    }
  }
  return "/";
}

// The folders of the group and of those above it, the group's own first, as far as they are seen.
std::vector<std::string> FoldersOf(const std::string& root, absl::string_view controller) {
  const std::optional<Mount> mount = FindMount(root, controller);
  if (!mount) return {};
  std::string group = FindGroup(root, controller);
  const std::string above = mount->root == "/" ? "" : mount->root;
  // Outside of what is mounted there is only the mount itself to look at.
  const bool inside = group == above || absl::StartsWith(group, absl::StrCat(above, "/"));
  group = inside && !absl::StrContains(group, "..") ? group.substr(above.size()) : "";
  std::vector<std::string> folders;
  while (!group.empty() && group != "/") {
    folders.push_back(absl::StrCat(mount->point, group));
    group.resize(group.rfind('/'));
  }
  folders.push_back(mount->point);
  return folders;
}

void Tighten(double cores, const std::string& file, std::optional<CgroupLimits::Cpu>& cpu) {
  if (cores > 0 && (!cpu || cores < cpu->cores)) cpu = CgroupLimits::Cpu{cores, file};
}

void Tighten(const std::string& text, const std::string& file,
             std::optional<CgroupLimits::Memory>& memory) {
  // Version 1 says "no limit" by the largest number of whole pages.
  constexpr int64_t kNoLimit = int64_t{1} << 60;
  int64_t bytes = 0;
  if (!absl::SimpleAtoi(text, &bytes) || bytes <= 0 || bytes >= kNoLimit) return;
  if (!memory || bytes < memory->bytes) memory = CgroupLimits::Memory{bytes, file};
}

double Number(absl::string_view text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) ? number : 0;
}

double Ratio(double quota, double period) { return quota > 0 && period > 0 ? quota / period : 0; }

}  // namespace

CgroupLimits ReadCgroupLimits(const std::string& root) {
  CgroupLimits limits;
  for (const std::string& folder : FoldersOf(root, "")) {
    const std::string cpu_file = absl::StrCat(folder, "/cpu.max");
    const std::vector<std::string> cpu =
        absl::StrSplit(FirstLine(absl::StrCat(root, cpu_file)), ' ');
    if (cpu.size() == 2) Tighten(Ratio(Number(cpu[0]), Number(cpu[1])), cpu_file, limits.cpu);
    const std::string memory_file = absl::StrCat(folder, "/memory.max");
    Tighten(FirstLine(absl::StrCat(root, memory_file)), memory_file, limits.memory);
  }
  for (const std::string& folder : FoldersOf(root, "cpu")) {
    const std::string file = absl::StrCat(folder, "/cpu.cfs_quota_us");
    const double quota = Number(FirstLine(absl::StrCat(root, file)));
    const double period = Number(FirstLine(absl::StrCat(root, folder, "/cpu.cfs_period_us")));
    Tighten(Ratio(quota, period), file, limits.cpu);
  }
  for (const std::string& folder : FoldersOf(root, "memory")) {
    const std::string file = absl::StrCat(folder, "/memory.limit_in_bytes");
    Tighten(FirstLine(absl::StrCat(root, file)), file, limits.memory);
  }
  return limits;
}

}  // namespace tournant
