#include "predictions/record_frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace tournant {
namespace {

using Kind = FrameScanner::Kind;

// Payloads of odd sizes, an empty one among them, and one that holds a whole valid file.
std::vector<std::string> Payloads() {
  std::string file;
  AppendFileHeader({7, 1}, file);
  AppendFrame("inner", file.size(), file);
  return {"first", "", std::string(300, '\xF5'), file, "last one"};
}

struct Sample {
  std::string bytes;
  std::vector<uint64_t> ends;  // Of the header and of each frame.
};

Sample MakeSample(const std::vector<std::string>& payloads) {
  Sample sample;
  AppendFileHeader({42, 3}, sample.bytes);
  sample.ends.push_back(sample.bytes.size());
  for (const std::string& payload : payloads) {
    AppendFrame(payload, sample.bytes.size(), sample.bytes);
    sample.ends.push_back(sample.bytes.size());
  }
  return sample;
}

struct Scan {
  std::vector<std::string> payloads;
  std::vector<FrameScanner::Piece> rest;
};

Scan ScanAll(absl::string_view bytes) {
  Scan scan;
  FrameScanner scanner(bytes);
  for (FrameScanner::Piece piece; scanner.Next(piece);) {
    if (piece.kind == Kind::kRecord) {
      scan.payloads.emplace_back(piece.payload);
    } else {
      scan.rest.push_back(piece);
    }
  }
  return scan;
}

TEST(RecordFrame, ReadsBackWhatWasWritten) {
  const Sample sample = MakeSample(Payloads());
  PredictionFileHeader header;
  ASSERT_TRUE(ReadFileHeader(sample.bytes, header).ok());
  EXPECT_EQ(header.run, 42u);
  EXPECT_EQ(header.index, 3u);
  const Scan scan = ScanAll(sample.bytes);
  EXPECT_EQ(scan.payloads, Payloads());
  EXPECT_TRUE(scan.rest.empty());
}

TEST(RecordFrame, HasTheLayoutThatItsHeaderFileDescribes) {
  const Sample sample = MakeSample({"abc"});
  EXPECT_EQ(sample.bytes.substr(0, 16), std::string("\x89TPRED\r\n\x03\0\0\0\x28\0\0\0", 16));
  EXPECT_EQ(sample.bytes.size(), kFileHeaderSize + kFrameHeaderSize + 3);
  EXPECT_EQ(sample.bytes.substr(40, 8), std::string("\xF5REC\x03\0\0\0", 8));
  EXPECT_EQ(sample.bytes.substr(52), "abc");
}

TEST(RecordFrame, GivesEveryWholeRecordOfAFileThatIsCutOffAnywhere) {
  const std::vector<std::string> payloads = Payloads();
  const Sample sample = MakeSample(payloads);
  for (size_t size = 0; size <= sample.bytes.size(); ++size) {
    const std::string torn = sample.bytes.substr(0, size);
    PredictionFileHeader header;
    ASSERT_EQ(ReadFileHeader(torn, header).ok(), size >= kFileHeaderSize) << size;
    size_t whole = 0;
    while (whole < payloads.size() && sample.ends[whole + 1] <= size) ++whole;
    const Scan scan = ScanAll(torn);
    ASSERT_EQ(scan.payloads, std::vector<std::string>(payloads.begin(), payloads.begin() + whole))
        << size;
    if (size < kFileHeaderSize || size == sample.ends[whole]) {
      ASSERT_TRUE(scan.rest.empty()) << size;
    } else {
      ASSERT_EQ(scan.rest.size(), 1u) << size;
      ASSERT_EQ(scan.rest[0].kind, Kind::kTornTail) << size;
      ASSERT_EQ(scan.rest[0].offset, sample.ends[whole]) << size;
      ASSERT_EQ(scan.rest[0].size, size - sample.ends[whole]) << size;
    }
  }
}

TEST(RecordFrame, LosesOnlyTheRecordThatAFlippedBitHits) {
  const std::vector<std::string> payloads = Payloads();
  const Sample sample = MakeSample(payloads);
  for (size_t at = 0; at < sample.bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = sample.bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      PredictionFileHeader header;
      ASSERT_EQ(ReadFileHeader(damaged, header).ok(), at >= kFileHeaderSize) << at;
      std::vector<std::string> expected = payloads;
      if (at >= kFileHeaderSize) {
        size_t hit = 0;
        while (sample.ends[hit + 1] <= at) ++hit;
        expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(hit));
        ASSERT_EQ(ScanAll(damaged).rest.size(), 1u) << at;
        ASSERT_EQ(ScanAll(damaged).rest[0].offset, sample.ends[hit]) << at;
        ASSERT_EQ(ScanAll(damaged).rest[0].size, sample.ends[hit + 1] - sample.ends[hit]) << at;
      }
      ASSERT_EQ(ScanAll(damaged).payloads, expected) << "byte " << at << " bit " << bit;
    }
  }
}

TEST(RecordFrame, DoesNotTakeAPayloadForAFrame) {
  // The outer frame is damaged, and its payload holds a frame that was valid in another file.
  const Sample inner = MakeSample({"forged"});
  Sample outer = MakeSample({inner.bytes, "real"});
  outer.bytes[kFileHeaderSize] ^= 1;
  EXPECT_EQ(ScanAll(outer.bytes).payloads, std::vector<std::string>{"real"});
}

TEST(RecordFrame, DoesNotTakeAFrameAtAnotherPlace) {
  const Sample sample = MakeSample({"a"});
  const std::string frame = sample.bytes.substr(kFileHeaderSize);
  const Scan scan = ScanAll(sample.bytes + frame);
  EXPECT_EQ(scan.payloads, std::vector<std::string>{"a"});
  EXPECT_EQ(scan.rest.size(), 1u);
  EXPECT_EQ(scan.rest[0].kind, Kind::kDamage);
}

TEST(RecordFrame, TakesAFilledUpEndForATornOne) {
  const Sample sample = MakeSample({"a"});
  const Scan scan = ScanAll(sample.bytes + std::string(4096, '\0'));
  EXPECT_EQ(scan.payloads.size(), 1u);
  ASSERT_EQ(scan.rest.size(), 1u);
  EXPECT_EQ(scan.rest[0].kind, Kind::kTornTail);
}

TEST(RecordFrame, GivesUpOnAFileMadeToBeSlow) {
  std::string bytes;
  AppendFileHeader({1, 1}, bytes);
  // A marker every eight bytes, each with a size that reaches far.
  for (int i = 0; i < 100'000; ++i) bytes += std::string("\xF5REC\0\0\x04\0", 8);
  const Scan scan = ScanAll(bytes);
  EXPECT_TRUE(scan.payloads.empty());
  ASSERT_EQ(scan.rest.size(), 1u);
  EXPECT_EQ(scan.rest[0].size, bytes.size() - kFileHeaderSize);
}

TEST(FileHeader, OfAnotherVersionIsNotRead) {
  std::string bytes;
  AppendFileHeader({1, 1}, bytes);
  PredictionFileHeader header;
  EXPECT_EQ(ReadFileHeader("no log at all, but a text of more than forty bytes", header).code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadFileHeader(bytes.substr(0, 20), header).message(),
            "the file ends after 20 bytes, within its header of 40");
}

}  // namespace
}  // namespace tournant
