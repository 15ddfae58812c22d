#include "predictions/record_frame.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "predictions/crc32c.h"

namespace tournant {
namespace {

constexpr absl::string_view kMagic("\x89TPRED\r\n", 8);

void AppendU32(uint32_t value, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

void AppendU64(uint64_t value, std::string& out) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift);
}

uint64_t LoadBytes(absl::string_view file, size_t offset, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value |= uint64_t{static_cast<unsigned char>(file[offset + static_cast<size_t>(i)])} << (8 * i);
  }
  return value;
}

uint32_t LoadU32(absl::string_view file, size_t offset) {
  return static_cast<uint32_t>(LoadBytes(file, offset, 4));
}

uint32_t FrameCrc(absl::string_view payload, uint64_t offset) {
  std::string place;
  AppendU64(offset, place);
  AppendU32(static_cast<uint32_t>(payload.size()), place);
  return Crc32c(payload, Crc32c(place));
}

std::string MarkerBytes() {
  std::string bytes;
  AppendU32(kFrameMarker, bytes);
  return bytes;
}

}  // namespace

void AppendFileHeader(const PredictionFileHeader& header, std::string& out) {
  std::string bytes(kMagic);
  AppendU32(kPredictionFileVersion, bytes);
  AppendU32(kFileHeaderSize, bytes);
  AppendU64(header.run, bytes);
  AppendU64(header.index, bytes);
  AppendU32(0, bytes);
  AppendU32(Crc32c(bytes), bytes);
  out += bytes;
}

absl::Status ReadFileHeader(absl::string_view file, PredictionFileHeader& header) {
  if (!absl::StartsWith(kMagic, file.substr(0, kMagic.size()))) {
    return absl::DataLossError("the file does not start like a prediction log");
  }
  if (file.size() < kFileHeaderSize) {
    return absl::OutOfRangeError(absl::StrCat("the file ends after ", file.size(),
                                              " bytes, within its header of ", kFileHeaderSize));
  }
  if (LoadU32(file, 36) != Crc32c(file.substr(0, 36))) {
    return absl::DataLossError("the file's header is damaged: its CRC does not match");
  }
  if (const uint32_t version = LoadU32(file, 8); version != kPredictionFileVersion) {
    return absl::UnimplementedError(absl::StrCat("the file has format version ", version,
                                                 ", and this program reads version ",
                                                 kPredictionFileVersion));
  }
  header.run = LoadBytes(file, 16, 8);
  header.index = LoadBytes(file, 24, 8);
  return absl::OkStatus();
}

void AppendFrame(absl::string_view payload, uint64_t offset, std::string& out) {
  AppendU32(kFrameMarker, out);
  AppendU32(static_cast<uint32_t>(payload.size()), out);
  AppendU32(FrameCrc(payload, offset), out);
  out.append(payload.data(), payload.size());
}

FrameScanner::FrameScanner(absl::string_view file)
    : file_(file),
      offset_(std::min(kFileHeaderSize, file.size())),
      search_budget_(16 * uint64_t{file.size()}) {}

bool FrameScanner::Next(Piece& piece) {
  if (offset_ >= file_.size()) return false;
  const size_t start = offset_;
  if (size_t size = 0; ValidFrameAt(start, size)) {
    offset_ = start + size;
    piece = {Kind::kRecord, start, size,
             file_.substr(start + kFrameHeaderSize, size - kFrameHeaderSize)};
    return true;
  }
  offset_ = FindFrame(start + 1);
  const bool torn = offset_ == file_.size() && LooksCutOff(start);
  piece = {torn ? Kind::kTornTail : Kind::kDamage, start, offset_ - start, {}};
  return true;
}

bool FrameScanner::ValidFrameAt(size_t offset, size_t& size) {
  const size_t left = file_.size() - offset;
  if (left < kFrameHeaderSize || LoadU32(file_, offset) != kFrameMarker) return false;
  const size_t length = LoadU32(file_, offset + 4);
  if (length > kMaxPayloadBytes || length > left - kFrameHeaderSize) return false;
  if (LoadU32(file_, offset + 8) !=
      FrameCrc(file_.substr(offset + kFrameHeaderSize, length), offset)) {
    return false;
  }
  size = kFrameHeaderSize + length;
  return true;
}

size_t FrameScanner::FindFrame(size_t from) {
  static const std::string& marker = *new std::string(MarkerBytes());
  for (size_t at = file_.find(marker, from); at != absl::string_view::npos;
       at = file_.find(marker, at + 1)) {
    if (size_t size = 0; ValidFrameAt(at, size)) return at;
    const uint64_t cost = std::min<uint64_t>(
        file_.size() - at < 8 ? 0 : uint64_t{LoadU32(file_, at + 4)}, file_.size() - at);
    if (cost > search_budget_) break;
    search_budget_ -= cost;
  }
  return file_.size();
}

// Whether the bytes from `offset` to the end may be the start of a frame whose rest was never
// written; or space that a file system gave to a file and never filled.
bool FrameScanner::LooksCutOff(size_t offset) const {
  const absl::string_view tail = file_.substr(offset);
  if (tail.find_first_not_of('\0') == absl::string_view::npos) return true;
  const std::string marker = MarkerBytes();
  const size_t known = std::min(tail.size(), marker.size());
  if (tail.substr(0, known) != absl::string_view(marker).substr(0, known)) return false;
  if (tail.size() < kFrameHeaderSize) return true;
  const size_t length = LoadU32(tail, 4);
  return length <= kMaxPayloadBytes && length > tail.size() - kFrameHeaderSize;
}

}  // namespace tournant
