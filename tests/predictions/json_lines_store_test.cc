#include "predictions/json_lines_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "predictions/open_prediction_log.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

class JsonLinesStoreTest : public ::testing::Test {
 protected:
  std::string Contents() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  absl::Status Append(JsonLinesStore& store, const std::vector<std::string>& lines) {
    std::vector<StoreOutcome> outcomes(lines.size(), StoreOutcome::kFailed);
    return store.Append(lines, outcomes);
  }

  TempDir folder_;
  const std::string path_ = (folder_.path() / "log.jsonl").native();
};

TEST_F(JsonLinesStoreTest, IsALineForEachRecord) {
  const ManualClock clock;
  auto log = OpenPredictionLog({.kind = LogSink::Kind::kJsonLines, .path = path_}, {}, clock);
  ASSERT_TRUE(log.ok()) << log.status();
  (*log)->Record(SampleRecord("a"));
  (*log)->Record(SampleRecord("b\n"));
  EXPECT_TRUE((*log)->Close(std::chrono::hours(1)));
  EXPECT_EQ((*log)->counters().durable, 2u);
  const std::vector<std::string> lines = absl::StrSplit(Contents(), '\n');
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["request_id"], "b\n");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["sequence"], 2);
  const auto end = nlohmann::json::parse(lines[2])["run_end"];
  EXPECT_EQ(end["run"], nlohmann::json::parse(lines[0])["run"]);
  EXPECT_EQ(end["enqueued"], 2);
  EXPECT_EQ(end["durable"], 2);
  EXPECT_EQ(end["dropped"]["full"], 0);
  EXPECT_EQ(lines[3], "");
  EXPECT_EQ(nlohmann::json::parse((*log)->StatusJson())["sink"], "jsonl:" + path_);
}

TEST_F(JsonLinesStoreTest, GoesOnBehindTheLastWholeLineOfAnEarlierRun) {
  for (const std::string& torn : {std::string("{\"seq"), std::string(10'000, 'x'), std::string()}) {
    folder_.Write("log.jsonl", "one\n" + torn);
    const auto store = JsonLinesStore::Open(path_);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(Append(**store, {"two\n", "three\n"}).ok());
    EXPECT_EQ(Contents(), "one\ntwo\nthree\n");
  }
  folder_.Write("log.jsonl", "no line at all");
  const auto store = JsonLinesStore::Open(path_);
  ASSERT_TRUE(Append(**store, {"one\n"}).ok());
  EXPECT_EQ(Contents(), "one\n");
}

TEST_F(JsonLinesStoreTest, IsMadeAnewWithWhatWasNotDurableWhenSomebodyRemovedIt) {
  const auto store = JsonLinesStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(Append(**store, {"one\n"}).ok());
  folder_.Remove("log.jsonl");
  ASSERT_TRUE(Append(**store, {"two\n"}).ok());
  ASSERT_TRUE(Append(**store, {"three\n"}).ok());
  EXPECT_EQ(Contents(), "two\nthree\n");

  // What cannot be written anywhere does not count as written, nor stays in the file that is gone.
  const int gone = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  folder_.Remove("log.jsonl");
  folder_.Write("log.jsonl/in_its_place", "");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(std::string(Append(**store, {"four\n"}).message()), HasSubstr(path_));
  }
  EXPECT_EQ(lseek(gone, 0, SEEK_END), static_cast<off_t>(strlen("two\nthree\n")));
  close(gone);
  folder_.Remove("log.jsonl");
  ASSERT_TRUE(Append(**store, {"four\n"}).ok());
  EXPECT_EQ(Contents(), "four\n");
}

TEST_F(JsonLinesStoreTest, MayHaveNoNameFromTheStart) {
  const int unnamed = open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(unnamed, 0);
  ASSERT_EQ(unlink(path_.c_str()), 0);
  const auto store = JsonLinesStore::Open(absl::StrCat("/dev/fd/", unnamed));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE(Append(**store, {"one\n"}).ok());
  close(unnamed);
}

TEST_F(JsonLinesStoreTest, BelongsToOneServer) {
  const auto first = JsonLinesStore::Open(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(std::string(JsonLinesStore::Open(path_).status().message()),
              HasSubstr("is being written by another process"));
}

TEST_F(JsonLinesStoreTest, MayBeANamedPipe) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const auto store = JsonLinesStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(Append(**store, {"one\n", "two\n"}).ok()) << "before anybody reads";
  const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  char text[100];
  EXPECT_EQ(read(reader, text, sizeof text), 8);
  close(reader);
  EXPECT_TRUE(Append(**store, {"three\n"}).ok()) << "after the reader has left";
}

TEST_F(JsonLinesStoreTest, EndsARunInAPipeOnlyWhereThePipeHasRoom) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const auto store = JsonLinesStore::Open(path_, "r");
  ASSERT_TRUE(store.ok()) << store.status();
  const int pipe = open(path_.c_str(), O_RDWR | O_NONBLOCK);
  const std::string page(4096, 'x');
  while (write(pipe, page.data(), page.size()) > 0) {
  }
  EXPECT_TRUE((*store)->Finish({.enqueued = 1}).ok()) << "does not wait for a reader";
  std::string all(1 << 20, '\0');
  const auto got = read(pipe, all.data(), all.size());
  EXPECT_EQ(static_cast<size_t>(got), all.find('\0'));
  EXPECT_EQ(all.find("run_end"), std::string::npos);
  EXPECT_TRUE((*store)->Finish({.enqueued = 1}).ok());
  EXPECT_GT(read(pipe, all.data(), all.size()), 0);
  EXPECT_TRUE(all.starts_with("{\"run_end\":{\"run\":\"r\",\"enqueued\":1,"));
  close(pipe);
}

TEST_F(JsonLinesStoreTest, IsNeitherTheOutputNorAFolder) {
  EXPECT_THAT(std::string(JsonLinesStore::Open("/proc/self/fd/2").status().message()),
              HasSubstr("is where this process writes its ready line or its log"));
  EXPECT_THAT(std::string(JsonLinesStore::Open(folder_.path().native()).status().message()),
              HasSubstr(folder_.path().native()));
  EXPECT_FALSE(JsonLinesStore::Open("/no/such/folder/log").ok());
}

}  // namespace
}  // namespace tournant
