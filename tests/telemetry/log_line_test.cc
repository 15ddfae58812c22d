#include "telemetry/log_line.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace tournant {
namespace {

using Json = nlohmann::json;

WallTime At(int64_t seconds, int64_t micros) {
  return WallTime(std::chrono::seconds(seconds) + std::chrono::microseconds(micros));
}

TEST(LogLine, HoldsTimeLevelMessageAndFieldsInThisOrder) {
  EXPECT_EQ(LogLine(At(1'700'000'000, 5), LogLevel::kInfo, "a model is served",
                    {{"model", "flights"}, {"version", int64_t{3}}, {"auc", 0.5}, {"ok", true}}),
            R"({"time":"2023-11-14T22:13:20.000005Z","level":"info","message":"a model is served",)"
            R"("model":"flights","version":3,"auc":0.5,"ok":true})");
}

TEST(LogLine, NamesEachLevel) {
  const auto level = [](LogLevel level) {
    return Json::parse(LogLine(At(0, 0), level, "m", {}))["level"].get<std::string>();
  };
  EXPECT_EQ(level(LogLevel::kDebug), "debug");
  EXPECT_EQ(level(LogLevel::kInfo), "info");
  EXPECT_EQ(level(LogLevel::kWarning), "warning");
  EXPECT_EQ(level(LogLevel::kError), "error");
}

TEST(LogLine, StaysOneLineWhateverTheTextHolds) {
  const std::string line =
      LogLine(At(0, 0), LogLevel::kError, "a\nb\"c\\", {{"key\n", std::string("\0\r\n\x1b", 4)}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Json json = Json::parse(line);
  EXPECT_EQ(json["message"], "a\nb\"c\\");
  EXPECT_EQ(json["key\n"], std::string("\0\r\n\x1b", 4));
}

TEST(LogLine, IsAsciiSoThatNoTextOfACallerCanDirectATerminalOrAReader) {
  // An escape sequence, DEL, C1's next line, a line separator, a right-to-left override.
  const std::string nasty = "\x1b[2J \x7f \u0085 \u2028 \u202e \u00e9";
  const std::string line = LogLine(At(0, 0), LogLevel::kInfo, "m", {{"text", nasty}});
  for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
  EXPECT_EQ(Json::parse(line)["text"], nasty);
}

TEST(LogLine, CutsTextsThatAreVeryLong) {
  const std::string line =
      LogLine(At(0, 0), LogLevel::kInfo, "m", {{"text", std::string(1'000'000, 'x')}});
  EXPECT_LT(line.size(), 5000u);
  EXPECT_EQ(Json::parse(line)["text"].get<std::string>().substr(4093), "xxx...");
}

TEST(LogLine, ReplacesBytesThatAreNotUtf8) {
  const Json json = Json::parse(
      LogLine(At(0, 0), LogLevel::kInfo, "m\xff", {{"k\xc3", "a\xc3(b"}, {"good", "\u00e9"}}));
  EXPECT_EQ(json["message"], "m\ufffd");
  EXPECT_EQ(json["k\ufffd"], "a\ufffd(b");
  EXPECT_EQ(json["good"], "\u00e9");
}

TEST(LogLine, KeepsFixedKeysWhenAFieldHasTheSameName) {
  const Json json =
      Json::parse(LogLine(At(0, 0), LogLevel::kInfo, "real", {{"message", "other"}, {"time", 1}}));
  EXPECT_EQ(json["message"], "real");
  EXPECT_EQ(json["message_"], "other");
  EXPECT_EQ(json["time"], "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(json["time_"], 1);
}

TEST(LogLine, WritesNumbersThatJsonLacksAsNull) {
  const Json json = Json::parse(
      LogLine(At(0, 0), LogLevel::kInfo, "m",
              {{"nan", std::nan("")}, {"inf", std::numeric_limits<double>::infinity()}}));
  EXPECT_TRUE(json["nan"].is_null());
  EXPECT_TRUE(json["inf"].is_null());
}

}  // namespace
}  // namespace tournant
