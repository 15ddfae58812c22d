// A process that is killed while it writes a log, at moments that nobody chose.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fakes/sanitized.h"
#include "predictions/file_names.h"
#include "predictions/killed/written_record.h"
#include "predictions/posix_log_files.h"
#include "predictions/prediction_reader.h"
#include "predictions/recovery.h"

namespace tournant {
namespace {

constexpr char kWriter[] = TOURNANT_BIN_DIR "/helpers/prediction_log_writer";

// Runs the writer until it is killed: the number of the last record that it knew to be durable.
uint64_t WriteUntilKilled(const std::string& folder, const std::string& run, int64_t microseconds) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const std::string time = std::to_string(microseconds);
  std::vector<char*> arguments;
  for (const char* argument : {kWriter, folder.c_str(), run.c_str(), time.c_str()}) {
    arguments.push_back(const_cast<char*>(argument));
  }
  arguments.push_back(nullptr);
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, kWriter, &actions, nullptr, arguments.data(), environ), 0)
      << kWriter;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  uint64_t durable = 0;
  for (uint64_t number = 0; read(ends[0], &number, sizeof number) == sizeof number;) {
    durable = number;
  }
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  return durable;
}

// A folder in memory where there is one: what a killed process has written is the kernel's there as
// on a disk, and nobody waits for a platter.
class Folder {
 public:
  Folder() {
    for (std::string pattern : {"/dev/shm/tournant-XXXXXX", "/tmp/tournant-XXXXXX"}) {
      if (mkdtemp(pattern.data()) == nullptr) continue;
      path_ = pattern;
      return;
    }
    std::abort();
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The numbers that are there of each run, each record checked.
std::map<std::string, std::set<uint64_t>> ReadFolder(const std::string& folder) {
  std::map<std::string, std::set<uint64_t>> read;
  const auto summary = ReadPredictions(folder, [&](const LoggedPrediction& record) {
    const std::string& run = record.model_name();
    EXPECT_EQ(record.request_id(), absl::StrCat(run, ":", record.sequence()));
    EXPECT_EQ(record.inputs(0).raw(), WrittenBytes(run, record.sequence()));
    EXPECT_TRUE(read[run].insert(record.sequence()).second) << record.request_id();
    return true;
  });
  EXPECT_TRUE(summary.ok()) << summary.status();
  for (const ReadProblem& problem : summary->problems) {
    EXPECT_TRUE(problem.kind == ReadProblem::Kind::kTornTail && IsOpenFile(problem.file))
        << problem.text;
  }
  return read;
}

TEST(KilledWriter, LosesNoRecordThatWasDurableAndLeavesNoneThatIsCorrupt) {
  constexpr int kFolders = kSanitized ? 3 : 20;
  constexpr int kRuns = 10;  // Each recovers what the one before has left.
  std::minstd_rand rng(20131001);
  uint64_t durable_records = 0;
  for (int f = 0; f < kFolders; ++f) {
    const Folder temp;
    const std::string& folder = temp.path();
    std::map<std::string, uint64_t> durable;
    for (int r = 0; r < kRuns; ++r) {
      const std::string run = absl::StrCat("run", r);
      durable[run] = WriteUntilKilled(folder, run, 500 + rng() % 8'000);
      durable_records += durable[run];
    }
    const auto before = ReadFolder(folder);
    PosixLogDirectory directory(folder);
    ASSERT_TRUE(RecoverOpenFiles(directory).ok());
    const auto read = ReadFolder(folder);
    ASSERT_EQ(read, before) << "recovery loses nothing that could be read";
    for (const auto& [run, last] : durable) {
      if (last == 0) continue;
      ASSERT_EQ(read.count(run), 1u) << folder << " " << run;
      const std::set<uint64_t>& numbers = read.at(run);
      for (uint64_t number = 1; number <= last; ++number) {
        ASSERT_EQ(numbers.count(number), 1u) << run << " lost " << number << " of " << last;
      }
      ASSERT_EQ(*numbers.rbegin(), numbers.size()) << run << ": a hole before the last record";
    }
  }
  EXPECT_GT(durable_records, 0u) << "the moments all came too early";
}

}  // namespace
}  // namespace tournant
