#include "base/cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>

namespace tournant {

CoreLimits ReadCoreLimits() {
  CoreLimits limits;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) limits.affinity = std::max(1, CPU_COUNT(&set));
  limits.quota = ReadCgroupLimits().cpu;
  return limits;
}

int UsableCores(const CoreLimits& limits) {
  if (!limits.quota) return limits.affinity;
  constexpr double kMost = 1 << 20;
  constexpr double kRounding = 1e-6;
  const double whole = std::floor(std::min(limits.quota->cores, kMost) + kRounding);
  return std::max(1, std::min(limits.affinity, static_cast<int>(whole)));
}

}  // namespace tournant
