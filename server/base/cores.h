#pragma once

#include <optional>

#include "base/cgroup.h"

namespace tournant {

// What bounds the threads that compute at the same time.
struct CoreLimits {
  int affinity = 1;                        // Cores in the mask of this process.
  std::optional<CgroupLimits::Cpu> quota;  // Of its control group.
};

CoreLimits ReadCoreLimits();

// The number of cores to use: those of the mask, and no more than the whole ones in the quota, at
// least 1. A quota of 2.5 counts as 2: a third busy thread would use it up before the end of each
// period, and then all threads stand still until the next one.
int UsableCores(const CoreLimits& limits);

}  // namespace tournant
