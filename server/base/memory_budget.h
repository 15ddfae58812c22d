#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/cgroup.h"

namespace tournant {

// What a server may come to need, and what it may have.
struct MemoryBudget {
  struct Part {
    std::string name;  // "requests in flight"
    int64_t bytes = 0;
    std::string flag;  // That bounds it: "--max_in_flight_bytes"; may be empty.
  };
  std::vector<Part> parts;
  std::optional<CgroupLimits::Memory> limit;  // Nothing: no control group limits it.

  // A quarter of the parts, for what none of them counts: what the allocator rounds up and holds
  // back, tensors of a computation, buffers of connections, stacks of threads.
  int64_t headroom() const;
  int64_t total() const;  // All parts and the headroom.
  // "requests in flight 1.0 GiB (--max_in_flight_bytes), process 180.0 MiB, a quarter more 301.0
  // MiB": the largest part first.
  std::string Text() const;
  // As a JSON object, in bytes.
  std::string Json() const;
};

// RESOURCE_EXHAUSTED where there is a limit and the total does not fit into it: names the limit,
// how much it lacks and, the largest first, each part with the flag that makes it smaller.
absl::Status CheckMemoryBudget(const MemoryBudget& budget);

// Memory that this process has in RAM; 0 when /proc does not say.
int64_t ResidentBytes();
// And the part of it that is no file's, so that a second process of the same binary has its own.
int64_t UnsharedBytes();

// "1.5 GiB"
std::string BytesText(int64_t bytes);

}  // namespace tournant
