#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// The file format of the prediction log. All numbers little endian.
//
//   header  40 bytes:  0 magic "\x89TPRED\r\n"   8 u32 version (3)    12 u32 header size (40)
//                     16 u64 run                24 u64 index of the file in its run, from 1
//                     32 u32 zero               36 u32 CRC-32C of bytes 0 to 35
//   frame   12 bytes:  0 u32 marker              4 u32 payload size    8 u32 CRC-32C
//                     12 payload
//
// The marker tells what the payload is: a tournant.LoggedPrediction ("\xF5REC"), several of them
// compressed ("\xF5RZB", record_block.h), the footer ("\xF5RFT") of a block, which is all that was
// made durable at once: u64 offset of its first frame, u32 records, u32 CRC-32C of the bytes from
// there to the footer; or the end of the run ("\xF5REN"), a tournant.LoggedRunEnd, the last frame
// of its last file. A block whose footer is missing was cut off; a run without an end was killed,
// or goes on.
//
// A frame's CRC covers its marker (but for a single record's), its offset in the file (u64), its
// size and its payload. So a frame is valid at its own place only, and bytes that merely look like
// one (a payload may hold any) are not taken for one when a reader looks for the next frame behind
// damage. Version 1 had single records alone, version 2 no ends of runs.
inline constexpr uint32_t kPredictionFileVersion = 3;

struct PredictionFileHeader {
  uint64_t run = 0;    // Differs between runs of a log; sequence numbers count within one.
  uint64_t index = 0;  // Files of a run are numbered from 1.
  uint32_t version = kPredictionFileVersion;  // As read; what is written has the newest.
};

inline constexpr size_t kFileHeaderSize = 40;
inline constexpr size_t kFrameHeaderSize = 12;
inline constexpr uint32_t kFirstVersionWithRunEnds = 3;
inline constexpr uint32_t kFrameMarker = 0x4345'52F5;   // "\xF5REC"
inline constexpr uint32_t kBlockMarker = 0x425A'52F5;   // "\xF5RZB"
inline constexpr uint32_t kFooterMarker = 0x5446'52F5;  // "\xF5RFT"
inline constexpr uint32_t kRunEndMarker = 0x4E45'52F5;  // "\xF5REN"
inline constexpr size_t kMaxPayloadBytes = size_t{1} << 30;

void AppendFileHeader(const PredictionFileHeader& header, std::string& out);
// OUT_OF_RANGE when it is cut off, DATA_LOSS when it is damaged or none at all, UNIMPLEMENTED for
// another version.
absl::Status ReadFileHeader(absl::string_view file, PredictionFileHeader& header);

// What comes before a payload whose frame will be `offset` bytes into its file.
std::string FrameHeader(absl::string_view payload, uint64_t offset, uint32_t marker = kFrameMarker);
// Appends a frame that will be `offset` bytes into its file. At most kMaxPayloadBytes.
void AppendFrame(absl::string_view payload, uint64_t offset, std::string& out,
                 uint32_t marker = kFrameMarker);

struct BlockFooter {
  uint64_t begin = 0;    // Offset of the block's first frame.
  uint32_t records = 0;  // That the block holds.
  uint32_t crc = 0;      // CRC-32C of the bytes from `begin` to the footer.
};
// The frame of a footer that will be `offset` bytes into its file.
std::string BlockFooterFrame(const BlockFooter& footer, uint64_t offset);
// DATA_LOSS when `payload` is none.
absl::Status ReadBlockFooter(absl::string_view payload, BlockFooter& footer);

// Goes through the frames of a file that is in memory, and says what lies between them that is
// none. Used by one thread; the file outlives it.
class FrameScanner {
 public:
  enum class Kind {
    kRecord,      // A valid frame of one record; `payload` is what it holds.
    kCompressed,  // The same of several records.
    kFooter,      // The same of a block's footer.
    kRunEnd,      // The same of the end of a run.
    kDamage,      // Bytes that are no valid frame, with or without one behind them.
    kTornTail     // The file ends inside a frame: the writer died, or is still writing.
  };
  struct Piece {
    Kind kind;
    uint64_t offset;
    uint64_t size;
    absl::string_view payload;
  };

  explicit FrameScanner(absl::string_view file);

  // False at the end of the file.
  bool Next(Piece& piece);

 private:
  bool ValidFrameAt(size_t offset, size_t& size) const;
  bool LooksCutOff(size_t offset) const;
  size_t FindFrame(size_t from);

  const absl::string_view file_;
  size_t offset_;
  // How many bytes may still be checked while looking for a frame behind damage. A file made to
  // hurt could hold a marker every four bytes, each with a long size.
  uint64_t search_budget_;
};

}  // namespace tournant
