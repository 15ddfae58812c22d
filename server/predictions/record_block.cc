#include "predictions/record_block.h"

#include <zstd.h>

#include <cstdint>
#include <cstring>
#include <memory>

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
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  if (context == nullptr) return absl::ResourceExhaustedError("zstd: no memory");
  size_t size = 0;
  for (const std::string& payload : payloads) size += sizeof(uint32_t) + payload.size();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  // A reader has to know how much room it needs.
  ZSTD_CCtx_setPledgedSrcSize(context.get(), size);
  std::string block;
  std::string room(ZSTD_CStreamOutSize(), '\0');
  const auto add = [&](absl::string_view bytes, ZSTD_EndDirective end) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    size_t left = 0;
    do {
      ZSTD_outBuffer out{room.data(), room.size(), 0};
      left = ZSTD_compressStream2(context.get(), &out, &in, end);
      if (ZSTD_isError(left) != 0) {
        return absl::InternalError(absl::StrCat("zstd: ", ZSTD_getErrorName(left)));
      }
      block.append(room.data(), out.pos);
    } while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
    return absl::OkStatus();
  };
  absl::Status status;
  for (const std::string& payload : payloads) {
    const auto length = static_cast<uint32_t>(payload.size());
    status = add({reinterpret_cast<const char*>(&length), sizeof length}, ZSTD_e_continue);
    if (status.ok()) status = add(payload, ZSTD_e_continue);
    if (!status.ok()) return status;
  }
  status = add({}, ZSTD_e_end);
  if (!status.ok()) return status;
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
