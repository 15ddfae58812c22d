#include "telemetry/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "base/thread.h"

namespace tournant {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Log, WritesOneJsonLineToStderr) {
  testing::internal::CaptureStderr();
  Log(LogLevel::kWarning, "the disk is slow", {{"ms", 12}});
  const std::string text = testing::internal::GetCapturedStderr();
  const std::vector<std::string> lines = Lines(text);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(text.back(), '\n');
  const auto json = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["message"], "the disk is slow");
  EXPECT_EQ(json["ms"], 12);
}

TEST(Log, LeavesOutLinesBelowItsLevel) {
  testing::internal::CaptureStderr();
  Log(LogLevel::kDebug, "hidden");
  SetLogLevel(LogLevel::kDebug);
  Log(LogLevel::kDebug, "shown");
  SetLogLevel(LogLevel::kError);
  Log(LogLevel::kWarning, "hidden");
  SetLogLevel(LogLevel::kInfo);
  const std::vector<std::string> lines = Lines(testing::internal::GetCapturedStderr());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["message"], "shown");
}

TEST(Log, KeepsLinesOfSeveralThreadsApart) {
  testing::internal::CaptureStderr();
  {
    std::vector<Thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back("logger", [t] {
        for (int i = 0; i < 50; ++i) {
          Log(LogLevel::kInfo, "line", {{"thread", t}, {"text", std::string(300, 'x')}});
        }
      });
    }
  }
  const std::vector<std::string> lines = Lines(testing::internal::GetCapturedStderr());
  ASSERT_EQ(lines.size(), 200u);
  std::vector<int> per_thread(4);
  for (const std::string& line : lines) {
    ++per_thread[nlohmann::json::parse(line)["thread"].get<size_t>()];
  }
  EXPECT_EQ(per_thread, std::vector<int>(4, 50));
}

}  // namespace
}  // namespace tournant
