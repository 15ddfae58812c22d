#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// Several payloads in one zstd frame, each with its length as 4 bytes little endian before it.
absl::StatusOr<std::string> CompressBlock(std::span<const std::string> payloads);

// The payloads of a block, as views into `contents`, which gets what was compressed. DATA_LOSS when
// it is no such block, or would be larger than any writer makes them.
absl::Status SplitBlock(absl::string_view block, std::string& contents,
                        std::vector<absl::string_view>& payloads);

}  // namespace tournant
