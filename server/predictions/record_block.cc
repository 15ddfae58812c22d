#include "predictions/record_block.h"

#include <zstd.h>

#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "predictions/record_frame.h"

namespace tournant {
namespace {

constexpr int kLevel = 3;  // zstd's own default.

absl::Status Damaged(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("a compressed block cannot be read: ", why));
}

}  // namespace

absl::StatusOr<std::string> CompressBlock(std::span<const std::string> payloads) {
  std::string contents;
  for (const std::string& payload : payloads) {
    const auto length = static_cast<uint32_t>(payload.size());
    contents.append(reinterpret_cast<const char*>(&length), sizeof length);
    contents += payload;
  }
  std::string block(ZSTD_compressBound(contents.size()), '\0');
  const size_t size =
      ZSTD_compress(block.data(), block.size(), contents.data(), contents.size(), kLevel);
  if (ZSTD_isError(size) != 0) {
    return absl::InternalError(absl::StrCat("zstd: ", ZSTD_getErrorName(size)));
  }
  block.resize(size);
  return block;
}

absl::Status SplitBlock(absl::string_view block, std::string& contents,
                        std::vector<absl::string_view>& payloads) {
  const auto size = ZSTD_getFrameContentSize(block.data(), block.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return Damaged("it is no zstd frame with a size");
  }
  // A writer's batch ends with the record that makes it large enough.
  if (size > 2 * kMaxPayloadBytes) return Damaged(absl::StrCat("it claims ", size, " bytes"));
  contents.resize(size);
  const size_t got = ZSTD_decompress(contents.data(), contents.size(), block.data(), block.size());
  if (ZSTD_isError(got) != 0) return Damaged(ZSTD_getErrorName(got));
  if (got != size) return Damaged("it is shorter than it says");
  absl::string_view left = contents;
  while (!left.empty()) {
    uint32_t length = 0;
    if (left.size() < sizeof length) return Damaged("it ends inside a length");
    std::memcpy(&length, left.data(), sizeof length);
    left.remove_prefix(sizeof length);
    if (length > left.size()) return Damaged("it ends inside a record");
    payloads.push_back(left.substr(0, length));
    left.remove_prefix(length);
  }
  return absl::OkStatus();
}

}  // namespace tournant
