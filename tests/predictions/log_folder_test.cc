#include "predictions/log_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "fakes/temp_dir.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

dev_t DiskOf(const fs::path& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 ? info.st_dev : 0;
}

TEST(LogFolder, IsMadeWithThoseAboveItAndAgainWhenTheyWereRemoved) {
  const TempDir temp;
  const fs::path path = temp.path() / "a" / "b";
  const auto folder = LogFolder::Make(path);
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_TRUE(fs::is_directory(path));
  EXPECT_TRUE(folder->Restore().ok());
  fs::remove_all(temp.path() / "a");
  EXPECT_TRUE(folder->Restore().ok());
  EXPECT_TRUE(fs::is_directory(path));
}

TEST(LogFolder, IsMadeAgainWhereALinkLedTo) {
  const TempDir temp;
  fs::create_directory(temp.path() / "real");
  fs::create_directory_symlink(temp.path() / "real", temp.path() / "link");
  const auto folder = LogFolder::Make(temp.path() / "link");
  ASSERT_TRUE(folder.ok()) << folder.status();
  fs::remove_all(temp.path() / "real");
  EXPECT_TRUE(folder->Restore().ok());
  EXPECT_TRUE(fs::is_directory(temp.path() / "link"));
}

TEST(LogFolder, NamesThePathThatCannotBeMade) {
  const TempDir temp;
  const fs::path path = temp.path() / "a" / "b";
  const auto folder = LogFolder::Make(path);
  ASSERT_TRUE(folder.ok());
  fs::remove_all(temp.path() / "a");
  std::ofstream(temp.path() / "a") << "x";
  const std::string message(folder->Restore().message());
  EXPECT_NE(message.find(path.string()), std::string::npos) << message;
}

// A disk that goes away is played by a link that leads from one disk to the other.
TEST(LogFolder, IsNotMadeOnTheDiskBelowTheOneThatWasThere) {
  const fs::path other = "/dev/shm";
  const TempDir below;
  std::string pattern = (other / "tournant-XXXXXX").string();
  if (DiskOf(other) == DiskOf("/") || DiskOf(below.path()) != DiskOf("/") ||
      mkdtemp(pattern.data()) == nullptr) {
    GTEST_SKIP() << "needs temporary files on the root's disk, and another one at " << other;
  }
  const fs::path mounted = fs::canonical(pattern);
  const auto folder = LogFolder::Make(mounted / "log");
  ASSERT_TRUE(folder.ok()) << folder.status();
  fs::remove_all(mounted);
  fs::create_directory_symlink(below.path(), mounted);
  EXPECT_EQ(folder->Restore().message(),
            "the disk of " + (mounted / "log").string() + " is not mounted any more");
  EXPECT_FALSE(fs::exists(below.path() / "log"));
  fs::create_directory(below.path() / "log");
  EXPECT_FALSE(folder->Restore().ok());

  fs::remove(mounted);
  EXPECT_TRUE(folder->Restore().ok());
  EXPECT_TRUE(fs::is_directory(mounted / "log"));
  fs::remove_all(mounted);
}

}  // namespace
}  // namespace tournant
