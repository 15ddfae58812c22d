#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// The file format of the prediction log. All numbers little endian.
//
//   header  40 bytes:  0 magic "\x89TPRED\r\n"   8 u32 version (1)    12 u32 header size (40)
//                     16 u64 run                24 u64 index of the file in its run, from 1
//                     32 u32 zero               36 u32 CRC-32C of bytes 0 to 35
//   frame   12 bytes:  0 u32 marker              4 u32 payload size    8 u32 CRC-32C
//                     12 payload: tournant.LoggedPrediction
//
// A frame's CRC covers its offset in the file (u64), its size and its payload. So a frame is valid
// at its own place only, and bytes that merely look like one (a payload may hold any) are not taken
// for one when a reader looks for the next frame behind damage.
struct PredictionFileHeader {
  uint64_t run = 0;    // Differs between runs of a log; sequence numbers count within one.
  uint64_t index = 0;  // Files of a run are numbered from 1.
};

inline constexpr size_t kFileHeaderSize = 40;
inline constexpr size_t kFrameHeaderSize = 12;
inline constexpr uint32_t kPredictionFileVersion = 1;
inline constexpr uint32_t kFrameMarker = 0x4345'52F5;  // "\xF5REC"
inline constexpr size_t kMaxPayloadBytes = size_t{1} << 30;

void AppendFileHeader(const PredictionFileHeader& header, std::string& out);
// OUT_OF_RANGE when it is cut off, DATA_LOSS when it is damaged or none at all, UNIMPLEMENTED for
// another version.
absl::Status ReadFileHeader(absl::string_view file, PredictionFileHeader& header);

// Appends a frame that will be `offset` bytes into its file. At most kMaxPayloadBytes.
void AppendFrame(absl::string_view payload, uint64_t offset, std::string& out);

// Goes through the frames of a file that is in memory, and says what lies between them that is
// none. Used by one thread; the file outlives it.
class FrameScanner {
 public:
  enum class Kind {
    kRecord,   // A valid frame; `payload` is what it holds.
    kDamage,   // Bytes that are no valid frame, with or without one behind them.
    kTornTail  // The file ends inside a frame: the writer died, or is still writing.
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
  bool ValidFrameAt(size_t offset, size_t& size);
  bool LooksCutOff(size_t offset) const;
  size_t FindFrame(size_t from);

  const absl::string_view file_;
  size_t offset_;
  // How many bytes may still be checked while looking for a frame behind damage. A file made to
  // hurt could hold a marker every four bytes, each with a long size.
  uint64_t search_budget_;
};

}  // namespace tournant
