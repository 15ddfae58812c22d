#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tournant {

// What the control groups of this process let it have: the tightest limit of its own group and of
// all above it, since any of them may be what a container was given. Version 1, version 2 and both
// at once; without namespaces of their own, where a container sees the names of its host, too.
struct CgroupLimits {
  struct Cpu {
    double cores = 0;  // Quota by period, such as 1.5.
    std::string file;  // Which says so.
  };
  struct Memory {
    int64_t bytes = 0;
    std::string file;
  };
  std::optional<Cpu> cpu;  // Nothing: no limit, or none that can be seen.
  std::optional<Memory> memory;
};

// Reads /proc/self/cgroup, /proc/self/mountinfo and the files that they lead to. `root` stands
// before all paths, for tests.
CgroupLimits ReadCgroupLimits(const std::string& root = "");

}  // namespace tournant
