#include "predictions/record_frame.h"

#include <algorithm>
#include <iterator>

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

uint32_t FrameCrc(absl::string_view payload, uint64_t offset, uint32_t marker) {
  std::string place;
  if (marker != kFrameMarker) AppendU32(marker, place);
  AppendU64(offset, place);
  AppendU32(static_cast<uint32_t>(payload.size()), place);
  return Crc32c(payload, Crc32c(place));
}

// What all markers begin with.
constexpr absl::string_view kMarkerStart = "\xF5R";
constexpr size_t kMarkerSize = 4;
constexpr uint32_t kMarkers[] = {kFrameMarker, kBlockMarker, kFooterMarker, kRunEndMarker};

bool IsMarker(uint32_t value) {
  return std::find(std::begin(kMarkers), std::end(kMarkers), value) != std::end(kMarkers);
}

// Whether `bytes`, which are fewer than a marker has, begin one.
bool BeginsMarker(absl::string_view bytes) {
  for (const uint32_t marker : kMarkers) {
    std::string whole;
    AppendU32(marker, whole);
    if (absl::StartsWith(whole, bytes)) return true;
  }
  return false;
}

FrameScanner::Kind KindOf(uint32_t marker) {
  if (marker == kBlockMarker) return FrameScanner::Kind::kCompressed;
  if (marker == kFooterMarker) return FrameScanner::Kind::kFooter;
  if (marker == kRunEndMarker) return FrameScanner::Kind::kRunEnd;
  return FrameScanner::Kind::kRecord;
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
  const uint32_t version = LoadU32(file, 8);
  if (version < 1 || version > kPredictionFileVersion) {
    return absl::UnimplementedError(absl::StrCat("the file has format version ", version,
                                                 ", and this program reads up to version ",
                                                 kPredictionFileVersion));
  }
  header.version = version;
  header.run = LoadBytes(file, 16, 8);
  header.index = LoadBytes(file, 24, 8);
  return absl::OkStatus();
}

std::string FrameHeader(absl::string_view payload, uint64_t offset, uint32_t marker) {
  std::string header;
  AppendU32(marker, header);
  AppendU32(static_cast<uint32_t>(payload.size()), header);
  AppendU32(FrameCrc(payload, offset, marker), header);
  return header;
}

void AppendFrame(absl::string_view payload, uint64_t offset, std::string& out, uint32_t marker) {
  out += FrameHeader(payload, offset, marker);
  out.append(payload.data(), payload.size());
}

std::string BlockFooterFrame(const BlockFooter& footer, uint64_t offset) {
  std::string payload;
  AppendU64(footer.begin, payload);
  AppendU32(footer.records, payload);
  AppendU32(footer.crc, payload);
  return FrameHeader(payload, offset, kFooterMarker) + payload;
}

absl::Status ReadBlockFooter(absl::string_view payload, BlockFooter& footer) {
  if (payload.size() != 16) return absl::DataLossError("a block's footer is of another size");
  footer.begin = LoadBytes(payload, 0, 8);
  footer.records = LoadU32(payload, 8);
  footer.crc = LoadU32(payload, 12);
  return absl::OkStatus();
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
    piece = {KindOf(LoadU32(file_, start)), start, size,
             file_.substr(start + kFrameHeaderSize, size - kFrameHeaderSize)};
    return true;
  }
  offset_ = FindFrame(start + 1);
  const bool torn = offset_ == file_.size() && LooksCutOff(start);
  piece = {torn ? Kind::kTornTail : Kind::kDamage, start, offset_ - start, {}};
  return true;
}

bool FrameScanner::ValidFrameAt(size_t offset, size_t& size) const {
  const size_t left = file_.size() - offset;
  if (left < kFrameHeaderSize) return false;
  const uint32_t marker = LoadU32(file_, offset);
  if (!IsMarker(marker)) return false;
  const size_t length = LoadU32(file_, offset + 4);
  if (length > kMaxPayloadBytes || length > left - kFrameHeaderSize) return false;
  if (LoadU32(file_, offset + 8) !=
      FrameCrc(file_.substr(offset + kFrameHeaderSize, length), offset, marker)) {
    return false;
  }
  size = kFrameHeaderSize + length;
  return true;
}

size_t FrameScanner::FindFrame(size_t from) {
  for (size_t at = file_.find(kMarkerStart, from); at != absl::string_view::npos;
       at = file_.find(kMarkerStart, at + 1)) {
    if (file_.size() - at < kFrameHeaderSize) break;
    if (!IsMarker(LoadU32(file_, at))) continue;
    if (size_t size = 0; ValidFrameAt(at, size)) return at;
    const uint64_t cost = std::min<uint64_t>(uint64_t{LoadU32(file_, at + 4)}, file_.size() - at);
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
  if (tail.size() < kMarkerSize) return BeginsMarker(tail);
  if (!IsMarker(LoadU32(tail, 0))) return false;
  if (tail.size() < kFrameHeaderSize) return true;
  const size_t length = LoadU32(tail, 4);
  return length <= kMaxPayloadBytes && length > tail.size() - kFrameHeaderSize;
}

}  // namespace tournant
