#include "models/archive_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/zip_bytes.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

std::string Refusal(const std::string& bytes, const ArchiveLimits& limits = {}) {
  const absl::Status status = CheckModelArchive(bytes, limits);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

std::vector<ZipEntry> Honest() {
  return {{"model/data.pkl", "pickle"}, {"model/constants.pkl", ""}};
}

std::vector<ZipEntry> HonestAnd(ZipEntry entry) {
  std::vector<ZipEntry> entries = Honest();
  entries.push_back(std::move(entry));
  return entries;
}

TEST(ArchiveCheck, TakesAnArchiveWithTheRecordsOfTorchScript) {
  EXPECT_TRUE(CheckModelArchive(ZipBytes(Honest()), {}).ok());
  EXPECT_TRUE(
      CheckModelArchive(ZipBytes(HonestAnd({"model/code/x.py", std::string(9000, 'y'), true})), {})
          .ok());
}

TEST(ArchiveCheck, RefusesWhatDoesNotBeginAsAZipFile) {
  EXPECT_EQ(Refusal(""), "is empty");
  EXPECT_THAT(Refusal("hello"), HasSubstr("does not begin as a ZIP file"));
  // The mark of LibTorch's flatbuffer reader, which crashes on such a file.
  EXPECT_THAT(Refusal(std::string("\x20\0\0\0PTMF", 8) + std::string(32, '\0')),
              HasSubstr("does not begin as a ZIP file"));
}

TEST(ArchiveCheck, RefusesAnArchiveThatWasCutOff) {
  const std::string whole = ZipBytes(Honest());
  for (size_t size = 4; size < whole.size(); ++size) {
    EXPECT_THAT(Refusal(whole.substr(0, size)), HasSubstr("is a damaged ZIP archive")) << size;
  }
}

TEST(ArchiveCheck, RefusesHeadersThatContradictEachOther) {
  std::string bytes = ZipBytes(Honest());
  bytes[30] = 'M';  // The first local header's name: Model/data.pkl, unlike the directory's.
  EXPECT_THAT(Refusal(bytes), HasSubstr("is a damaged ZIP archive"));
}

TEST(ArchiveCheck, RefusesNamesThatLeaveTheirFolder) {
  EXPECT_EQ(Refusal(ZipBytes(HonestAnd({"model/../../etc/passwd", ""}))),
            "holds an entry 'model/../../etc/passwd' that leaves its folder");
  EXPECT_EQ(Refusal(ZipBytes(HonestAnd({"/etc/passwd", ""}))),
            "holds an entry '/etc/passwd' that leaves its folder");
  EXPECT_THAT(Refusal(ZipBytes(HonestAnd({"model\\x", ""}))), HasSubstr("leaves its folder"));
  EXPECT_TRUE(CheckModelArchive(ZipBytes(HonestAnd({"model/a..b", ""})), {}).ok());
}

TEST(ArchiveCheck, RefusesAnEntryThatIsThereTwice) {
  EXPECT_EQ(Refusal(ZipBytes(HonestAnd({"model/data.pkl", "other"}))),
            "is a damaged ZIP archive: File already exists");
}

TEST(ArchiveCheck, RefusesMoreEntriesThanTheLimit) {
  ArchiveLimits limits;
  limits.max_entries = 2;
  EXPECT_TRUE(CheckModelArchive(ZipBytes(Honest()), limits).ok());
  EXPECT_EQ(Refusal(ZipBytes(HonestAnd({"model/x", ""})), limits),
            "holds 3 entries, more than the limit of 2");
}

TEST(ArchiveCheck, RefusesABombByItsRatio) {
  const std::string zeros(40 << 20, '\0');
  EXPECT_THAT(Refusal(ZipBytes(HonestAnd({"model/data/0", zeros, true}))),
              HasSubstr("to 41943046 bytes, more than allowed"));
  // The same bytes stored as they are are no bomb.
  EXPECT_TRUE(CheckModelArchive(ZipBytes(HonestAnd({"model/data/0", zeros})), {}).ok());
}

TEST(ArchiveCheck, RefusesWhatUnpacksToMoreThanTheLimit) {
  ArchiveLimits limits;
  limits.max_unpacked_bytes = 5;
  EXPECT_THAT(Refusal(ZipBytes(Honest()), limits), HasSubstr("to 6 bytes, more than allowed"));
}

TEST(ArchiveCheck, TellsAStateDictFromAProgram) {
  EXPECT_THAT(Refusal(ZipBytes({{"archive/data.pkl", "weights"}, {"archive/version", "3"}})),
              HasSubstr("a state_dict saved with torch.save is no program"));
  EXPECT_THAT(Refusal(ZipBytes({{"a/data.pkl", ""}, {"b/constants.pkl", ""}})),
              HasSubstr("has not one top folder"));
}

}  // namespace
}  // namespace tournant
