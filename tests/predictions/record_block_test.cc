// Blocks: what is made durable at once, compressed or not, and its footer.

#include "predictions/record_block.h"

#include <gtest/gtest.h>

#include "fakes/manual_clock.h"
#include "predictions/crc32c.h"
#include "predictions/fake_log_files.h"
#include "predictions/prediction_reader.h"
#include "predictions/record_codec.h"
#include "predictions/record_frame.h"
#include "predictions/recovery.h"
#include "predictions/sample_records.h"
#include "predictions/segment_writer.h"

namespace tournant {
namespace {

constexpr char kOpen[] = "predictions-20131001T120000.000000Z-00000001.tpred.open";

std::vector<std::string> Payloads(uint64_t from, uint64_t to) {
  std::vector<std::string> payloads;
  for (uint64_t sequence = from; sequence <= to; ++sequence) {
    EXPECT_TRUE(EncodeRecord(SampleRecord(), sequence, payloads.emplace_back()).ok());
  }
  return payloads;
}

// A file of two blocks, of three records and of two, and where each ends.
struct Written {
  std::string bytes;
  std::vector<size_t> block_ends;
};
Written Write(bool compress) {
  FakeDisk disk;
  FakeLogDirectory directory(disk);
  const ManualClock clock;
  SegmentWriter writer(directory, clock, {1, "20131001T120000.000000Z"}, {.compress = compress});
  Written written;
  for (const auto& payloads : {Payloads(1, 3), Payloads(4, 5)}) {
    EXPECT_TRUE(writer.Append(payloads).ok());
    written.bytes = disk.files().begin()->second;
    written.block_ends.push_back(written.bytes.size());
  }
  return written;
}

struct Read {
  std::vector<uint64_t> sequences;
  ReadSummary summary;
};
Read ReadAll(FakeDisk& disk) {
  Read read;
  auto summary = ReadPredictions(FakeLogDirectory(disk), [&](const LoggedPrediction& record) {
    EXPECT_EQ(record.request_id(), "r");
    read.sequences.push_back(record.sequence());
    return true;
  });
  EXPECT_TRUE(summary.ok());
  read.summary = *std::move(summary);
  return read;
}

class RecordBlockTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, RecordBlockTest, testing::Bool(), [](const auto& compressed) {
  return compressed.param ? "Compressed" : "AsTheyAre";
});

TEST_P(RecordBlockTest, AreReadBack) {
  FakeDisk disk;
  disk.Put(kOpen, Write(GetParam()).bytes);
  const Read read = ReadAll(disk);
  EXPECT_EQ(read.sequences, (std::vector<uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(read.summary.problems.empty());
}

TEST_P(RecordBlockTest, OfWhichOneIsTornAtAnyByteLoseNoneBeforeIt) {
  const Written written = Write(GetParam());
  for (size_t size = 0; size <= written.bytes.size(); ++size) {
    FakeDisk disk;
    disk.Put(kOpen, written.bytes.substr(0, size));
    FakeLogDirectory directory(disk);
    ASSERT_TRUE(RecoverOpenFiles(directory).ok());
    const Read read = ReadAll(disk);
    ASSERT_TRUE(read.summary.problems.empty()) << size << read.summary.problems[0].text;
    uint64_t expected = 0;
    for (const uint64_t sequence : read.sequences) ASSERT_EQ(sequence, ++expected) << size;
    if (size >= written.block_ends[0]) {
      ASSERT_GE(expected, 3u) << size;
    }
    if (size >= written.block_ends[1]) {
      ASSERT_EQ(expected, 5u) << size;
    }
    if (GetParam()) {
      ASSERT_TRUE(expected == 0 || expected == 3 || expected == 5) << size;
    }
  }
}

TEST_P(RecordBlockTest, NeverGiveARecordThatIsDamaged) {
  const Written written = Write(GetParam());
  for (size_t at = kFileHeaderSize; at < written.bytes.size(); ++at) {
    FakeDisk disk;
    std::string bytes = written.bytes;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    disk.Put(kOpen, bytes);
    const Read read = ReadAll(disk);
    ASSERT_FALSE(read.summary.problems.empty()) << at;
    ASSERT_GE(read.sequences.size(), 2u) << at;
  }
}

TEST(RecordBlock, IsSmallerWhenItIsCompressed) {
  EXPECT_LT(Write(true).bytes.size(), Write(false).bytes.size());
}

TEST(RecordBlock, ThatIsNoneIsRefused) {
  std::string contents;
  std::vector<absl::string_view> payloads;
  EXPECT_FALSE(SplitBlock("not zstd", contents, payloads).ok());
  EXPECT_FALSE(SplitBlock("", contents, payloads).ok());
  const auto block = CompressBlock(Payloads(1, 2));
  ASSERT_TRUE(block.ok());
  EXPECT_FALSE(SplitBlock(block->substr(0, block->size() - 1), contents, payloads).ok());
}

TEST(RecordBlock, OfFormatVersionOneHasNoFooterAndIsRead) {
  std::string bytes;
  AppendFileHeader({1, 1}, bytes);
  AppendFrame(Payloads(1, 1)[0], bytes.size(), bytes);
  FakeDisk disk;
  disk.Put(kOpen, bytes);
  EXPECT_EQ(ReadAll(disk).sequences, std::vector<uint64_t>{1});
  EXPECT_TRUE(ReadAll(disk).summary.problems.empty());
}

TEST(RecordBlock, WhoseFooterDoesNotFitItIsReported) {
  std::string bytes;
  AppendFileHeader({1, 1}, bytes);
  const size_t begin = bytes.size();
  AppendFrame(Payloads(1, 1)[0], begin, bytes);
  const uint32_t crc = Crc32c(absl::string_view(bytes).substr(begin));
  bytes += BlockFooterFrame({.begin = begin, .records = 1, .crc = crc ^ 1}, bytes.size());
  FakeDisk disk;
  disk.Put(kOpen, bytes);
  const Read read = ReadAll(disk);
  EXPECT_EQ(read.sequences, std::vector<uint64_t>{1});
  ASSERT_EQ(read.summary.problems.size(), 1u);
  EXPECT_NE(read.summary.problems[0].text.find("the block of 1 records before it is damaged"),
            std::string::npos);
}

}  // namespace
}  // namespace tournant
