#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/found_model.h"

namespace tournant {

// The memory in bytes that models may come to need, told by the sizes of their files.
//
// A load takes three times the file at its height: its bytes, the module read from them and the
// frozen one, of which the last stays. (Measured with models of 32, 128 and 256 MiB.)
struct ModelMemory {
  // In this process: as much as the highest version of each model, and twice the largest of them,
  // which the allocator keeps from its load for the next one.
  int64_t served = 0;
  // A load of the largest, in the child of its dry run.
  int64_t dry_run = 0;
};

// Of the models that `loaded` wants. Looks at their files, so it blocks.
ModelMemory ModelMemoryOf(const std::vector<FoundModel>& models,
                          const std::function<bool(const std::string& name)>& loaded);

}  // namespace tournant
