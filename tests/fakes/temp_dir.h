#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tournant {

// A directory that disappears with this object.
class TempDir {
 public:
  TempDir() {
    std::string pattern = ::testing::TempDir() + "tournant-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Writes `relative` with the directories that it needs; by a new file, as a deployment does.
  void Write(const std::string& relative, const std::string& content) const {
    const std::filesystem::path file = path_ / relative;
    std::filesystem::create_directories(file.parent_path());
    const std::filesystem::path written = file.native() + ".new";
    std::ofstream(written, std::ios::binary) << content;
    std::filesystem::rename(written, file);
  }
  void Remove(const std::string& relative) const { std::filesystem::remove_all(path_ / relative); }

 private:
  std::filesystem::path path_;
};

}  // namespace tournant
