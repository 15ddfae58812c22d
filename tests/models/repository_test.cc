#include "models/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fakes/temp_dir.h"
#include "models/model_file.h"
#include "models/scan_model.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

std::vector<FoundModel> Scan(const TempDir& dir) {
  auto found = Repository(dir.path()).Scan();
  EXPECT_TRUE(found.ok()) << found.status();
  return found.ok() ? *std::move(found) : std::vector<FoundModel>{};
}
FoundModel ScanOne(const TempDir& dir) {
  const std::vector<FoundModel> found = Scan(dir);
  EXPECT_EQ(found.size(), 1);
  return found.empty() ? FoundModel{} : found[0];
}

std::vector<int64_t> Numbers(const FoundModel& model) {
  std::vector<int64_t> numbers;
  for (const FoundVersion& version : model.versions) numbers.push_back(version.number);
  return numbers;
}
std::string Prints(const FoundModel& model) {
  std::string prints = model.fingerprint;
  for (const FoundVersion& version : model.versions) prints += version.fingerprint;
  return prints;
}

TEST(Repository, FindsTheVersionsOfEachModelInTheirOrder) {
  TempDir dir;
  dir.Write("b/9/model.pt", "");
  dir.Write("b/10/model.pt", "");
  dir.Write("a/1/model.pt", "");
  const std::vector<FoundModel> found = Scan(dir);
  ASSERT_EQ(found.size(), 2);
  EXPECT_EQ(found[0].name, "a");
  EXPECT_EQ(found[1].name, "b");
  EXPECT_THAT(Numbers(found[1]), ElementsAre(9, 10));
  EXPECT_EQ(found[1].versions[1].directory, dir.path() / "b/10");
  EXPECT_TRUE(found[1].status.ok());
}

TEST(Repository, LeavesOtherVersionDirectoriesAlone) {
  TempDir dir;
  for (const char* name : {"0", "007", "tmp", "v8", "-3", "1"}) {
    dir.Write(std::string("m/") + name + "/model.pt", "");
  }
  dir.Write("m/99", "a file, no directory");
  EXPECT_THAT(Numbers(ScanOne(dir)), ElementsAre(1));
}

TEST(Repository, LeavesHiddenDirectoriesAndFilesAlone) {
  TempDir dir;
  dir.Write(".git/1/model.pt", "");
  dir.Write("README.md", "");
  EXPECT_TRUE(Scan(dir).empty());
}

TEST(Repository, SaysWhenAModelHasNoVersion) {
  TempDir dir;
  dir.Write("m/config.pbtxt", "");
  const FoundModel found = ScanOne(dir);
  EXPECT_TRUE(found.versions.empty());
  EXPECT_EQ(found.status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(found.status.message(), HasSubstr("has no version directory"));
  EXPECT_THAT(found.status.message(), Not(HasSubstr("--model_name")));
  dir.Write("m/model.pt", "");
  EXPECT_THAT(ScanOne(dir).status.message(), HasSubstr("needs --model_name"));
}

TEST(Repository, SaysThatADirectoryOfVersionsNeedsAModelName) {
  TempDir dir;
  dir.Write("1/model.pt", "");
  EXPECT_EQ(ScanOne(dir).status.message(),
            "holds no versions as a model would; if it is one itself, --model_name=NAME serves a "
            "directory that holds one model's own versions or files");
  EXPECT_TRUE(Repository(dir.path(), "m").Scan()->front().status.ok());
  dir.Write("1/1/model.pt", "");  // A model may be called 1.
  EXPECT_TRUE(ScanOne(dir).status.ok());
}

TEST(Repository, SaysThatADirectoryOfAModelsFilesNeedsAModelName) {
  TempDir dir;
  EXPECT_EQ(Repository(dir.path()).WhyEmpty(),
            "model repository " + dir.path().native() + " holds no model");
  dir.Write("model.pt", "");
  EXPECT_THAT(Repository(dir.path()).WhyEmpty(),
              HasSubstr("holds no model but a model's own files; --model_name=NAME serves"));
  EXPECT_THAT(Repository(dir.path(), "m").WhyEmpty(), Not(HasSubstr("--model_name")));
  dir.Write("assets/words.txt", "");
  EXPECT_THAT(ScanOne(dir).status.message(),
              HasSubstr("its parent holds model.pt itself, and --model_name=NAME serves"));
}

TEST(Repository, ChecksNames) {
  for (const char* name : {"m", "Flight_delay-2.1", "0"}) EXPECT_TRUE(CheckModelName(name).ok());
  EXPECT_TRUE(CheckModelName(std::string(128, 'x')).ok());
  for (const std::string& name :
       {std::string(), std::string("_m"), std::string("a b"), std::string("a/b"),
        std::string("\xc3\xa4"), std::string("a\0b", 3), std::string(129, 'x')}) {
    EXPECT_THAT(CheckModelName(name).message(), HasSubstr("is no model name")) << name;
  }
  TempDir dir;
  dir.Write("two words/1/model.pt", "");
  EXPECT_THAT(ScanOne(dir).status.message(), HasSubstr("'two words' is no model name"));
}

TEST(Repository, RefusesNamesThatTheHealthServiceAnswersForItselfUnder) {
  for (const char* name :
       {"live", "ready", "inference.GRPCInferenceService", "grpc.health.v1.Health"}) {
    EXPECT_THAT(CheckModelName(name).message(), HasSubstr("the health service")) << name;
  }
  EXPECT_TRUE(CheckModelName("inference").ok());
}

TEST(Repository, RefusesSymbolicLinks) {
  TempDir dir;
  TempDir elsewhere;
  elsewhere.Write("1/model.pt", "");
  fs::create_directory_symlink(elsewhere.path(), dir.path() / "linked");
  EXPECT_EQ(ScanOne(dir).status.message(), "is a symbolic link, which is refused");
  dir.Remove("linked");
  fs::create_directories(dir.path() / "m");
  fs::create_directory_symlink(elsewhere.path() / "1", dir.path() / "m/1");
  dir.Write("m/2/model.pt", "");
  const FoundModel found = ScanOne(dir);
  EXPECT_EQ(found.versions[0].status.message(), "is a symbolic link, which is refused");
  EXPECT_TRUE(found.versions[1].status.ok());
}

TEST(Repository, NamesADirectoryThatCannotBeRead) {
  EXPECT_EQ(Repository("/nonexistent/models").Scan().status().message(),
            "model repository /nonexistent/models: No such file or directory");
}

TEST(Repository, ReplacingAFileChangesTheFingerprintOfWhatItConcerns) {
  TempDir dir;
  dir.Write("m/config.pbtxt", "a");
  dir.Write("m/1/model.pt", "a");
  dir.Write("m/2/model.pt", "a");
  const FoundModel before = ScanOne(dir);
  EXPECT_EQ(Prints(ScanOne(dir)), Prints(before));
  dir.Write("m/config.pbtxt", "b");  // The same size: a new file by time and inode.
  const FoundModel config = ScanOne(dir);
  EXPECT_NE(config.fingerprint, before.fingerprint);
  EXPECT_EQ(config.versions[0].fingerprint, before.versions[0].fingerprint);
  dir.Write("m/1/sub/carriers.txt", "AA");
  const FoundModel vocabulary = ScanOne(dir);
  EXPECT_EQ(vocabulary.fingerprint, config.fingerprint);
  EXPECT_NE(vocabulary.versions[0].fingerprint, config.versions[0].fingerprint);
  EXPECT_EQ(vocabulary.versions[1].fingerprint, config.versions[1].fingerprint);
  dir.Write("m/3/model.pt", "a");
  EXPECT_EQ(ScanOne(dir).fingerprint, config.fingerprint);
  dir.Write("m/warmup/x", "1234");
  EXPECT_NE(ScanOne(dir).fingerprint, config.fingerprint);
}

TEST(Repository, AHiddenFileChangesTheStateAndNoFingerprint) {
  TempDir dir;
  dir.Write("m/1/model.pt", "a");
  const FoundModel before = ScanOne(dir);
  dir.Write("m/1/.model.pt.part", "half");
  const FoundModel after = ScanOne(dir);
  EXPECT_EQ(Prints(after), Prints(before));
  EXPECT_NE(after.state, before.state);
  EXPECT_GT(after.changed, WallTime());
}

TEST(Repository, FindsOneModelByName) {
  TempDir dir;
  dir.Write("m/1/model.pt", "");
  const Repository repository(dir.path());
  EXPECT_THAT(Numbers(repository.Find("m")), ElementsAre(1));
  EXPECT_EQ(repository.Find("n").status,
            absl::NotFoundError("the model repository has no such model"));
  EXPECT_TRUE(repository.Find("n").directory.empty());
  for (const char* name : {"../m", "", ".", "m/1"}) {
    EXPECT_EQ(repository.Find(name).status.code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(Repository, NamesAllThatMayBeModels) {
  TempDir dir;
  dir.Write("b/1/model.pt", "");
  dir.Write("a/notes.txt", "");
  dir.Write(".hidden/1/model.pt", "");
  dir.Write("file", "");
  EXPECT_THAT(*Repository(dir.path()).Names(), ElementsAre("a", "b"));
  EXPECT_FALSE(Repository("/nonexistent/models").Names().ok());
}

TEST(Repository, WithANameTheVersionsMayLieInTheDirectoryItself) {
  TempDir dir;
  dir.Write("config.pbtxt", "");
  dir.Write("1/model.pt", "");
  dir.Write("3/model.pt", "");
  const Repository repository(dir.path(), "named");
  const auto found = *repository.Scan();
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].name, "named");
  EXPECT_EQ(found[0].directory, dir.path());
  EXPECT_THAT(Numbers(found[0]), ElementsAre(1, 3));
  EXPECT_THAT(*repository.Names(), ElementsAre("named"));
  EXPECT_THAT(Numbers(repository.Find("named")), ElementsAre(1, 3));
  EXPECT_TRUE(absl::IsNotFound(repository.Find("other").status));
}

TEST(Repository, WithANameTheFilesOfOneVersionMayLieInTheDirectoryItself) {
  TempDir dir;
  dir.Write("model.pt", "a");
  const Repository repository(dir.path(), "named");
  const FoundModel found = repository.Find("named");
  EXPECT_TRUE(found.status.ok());
  EXPECT_EQ(found.directory, dir.path());
  EXPECT_THAT(Numbers(found), ElementsAre(1));
  EXPECT_EQ(found.versions[0].directory, dir.path());
  dir.Write("model.pt", "b");
  EXPECT_NE(repository.Find("named").versions[0].fingerprint, found.versions[0].fingerprint);
}

TEST(Repository, WithANameModelsInFoldersOfTheirOwnAreStillFound) {
  TempDir dir;
  dir.Write("a/1/model.pt", "");
  const Repository repository(dir.path(), "named");
  EXPECT_THAT(*repository.Names(), ElementsAre("a"));
  EXPECT_THAT(Numbers(repository.Find("a")), ElementsAre(1));
}

TEST(ModelFile, IsReadWhole) {
  TempDir dir;
  const std::string content = std::string("a\0b\n", 4) + std::string(100'000, 'z');
  dir.Write("f", content);
  EXPECT_EQ(*ReadModelFile(dir.path() / "f", 1 << 20), content);
}

TEST(ModelFile, IsRefusedWhenItIsNoRegularFileOrTooLarge) {
  TempDir dir;
  dir.Write("f", "12345");
  fs::create_symlink(dir.path() / "f", dir.path() / "link");
  ASSERT_EQ(mkfifo((dir.path() / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(ReadModelFile(dir.path() / "none", 9).status(), absl::NotFoundError("no such file"));
  EXPECT_EQ(ReadModelFile(dir.path() / "link", 9).status().message(),
            "is a symbolic link, which is refused");
  EXPECT_EQ(ReadModelFile(dir.path() / "fifo", 9).status().message(), "is not a regular file");
  EXPECT_EQ(ReadModelFile(dir.path(), 9).status().message(), "is not a regular file");
  EXPECT_EQ(ReadModelFile(dir.path() / "f", 4).status().message(),
            "has 5 bytes, more than the limit of 4");
}

}  // namespace
}  // namespace tournant
