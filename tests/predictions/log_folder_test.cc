#include "predictions/log_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "fakes/temp_dir.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

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

TEST(LogFolder, IsNotMadeOnTheDiskBelowTheOneThatWasThere) {
  const TempDir temp;
  const fs::path mounted = fs::canonical(temp.path()) / "mounted";
  fs::create_directory(mounted);
  bool is_mounted = true;
  const auto look = [&](const char* path, struct stat* info) {
    const int result = stat(path, info);
    const bool on_other = is_mounted && std::string(path).starts_with(mounted.native());
    info->st_dev = on_other ? 2 : 1;
    return result;
  };
  const auto folder = LogFolder::Make(mounted / "log", look);
  ASSERT_TRUE(folder.ok()) << folder.status();
  is_mounted = false;
  fs::remove(mounted / "log");
  const std::string gone = "the disk of " + (mounted / "log").string() + " is not mounted any more";
  EXPECT_EQ(folder->Restore().message(), gone);
  EXPECT_FALSE(fs::exists(mounted / "log"));
  fs::create_directory(mounted / "log");
  EXPECT_EQ(folder->Restore().message(), gone) << "nor is one used that stands there";

  fs::remove(mounted / "log");
  is_mounted = true;
  EXPECT_TRUE(folder->Restore().ok());
  EXPECT_TRUE(fs::is_directory(mounted / "log"));
}

}  // namespace
}  // namespace tournant
