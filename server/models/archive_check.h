#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// What a model archive may be at most. Honest archives store tensors as they are and deflate only
// their code, by a factor of 2 to 4.
struct ArchiveLimits {
  int64_t max_entries = 100'000;
  int64_t max_unpacked_bytes = int64_t{8} << 30;
  int64_t max_unpack_ratio = 20;                    // Unpacked bytes per byte of the file ...
  int64_t free_unpacked_bytes = int64_t{16} << 20;  // ... counted above this allowance.
};

// Looks at a model file before LibTorch does: it must be a consistent ZIP archive ("PK" magic; a
// crafted file without it crashes LibTorch's other reader), its names relative and without "..",
// below one top folder, and it must not unpack to more than `limits` allow. INVALID_ARGUMENT says
// what is wrong. Guards against accidents and the known crashes; a model stays a program that one
// has to trust.
absl::Status CheckModelArchive(absl::string_view bytes, const ArchiveLimits& limits);

}  // namespace tournant
