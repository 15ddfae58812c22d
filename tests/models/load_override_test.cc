#include "models/load_override.h"

#include <gtest/gtest.h>

#include <string>

#include "base/status.h"

namespace tournant {
namespace {

TEST(LoadOverride, StaysBelowTheModelsDirectory) {
  for (const char* path : {"1/model.pt", "1/sub/x", "labels.txt", "1/..x"}) {
    EXPECT_TRUE(CheckOverridePath(path).ok()) << path;
  }
  for (const std::string& path :
       {std::string("../x"), std::string("1/../../x"), std::string("/etc/passwd"),
        std::string("1//x"), std::string("1/"), std::string(), std::string("."), std::string("1/."),
        std::string("1/a\0b", 5), "1/" + std::string(300, 'x'), std::string("1/2/3/4/5/6/7/8/9")}) {
    EXPECT_FALSE(CheckOverridePath(path).ok()) << path;
  }
}

TEST(LoadOverride, NamesTheParameterThatIsWrong) {
  OverrideLimits limits{.max_config_bytes = 4, .max_file_bytes = 6, .max_files = 2};
  const auto field = [&](const LoadOverride& override) {
    return FieldOf(CheckOverride(override, limits));
  };
  EXPECT_EQ(field({"{}", {{"1/a", "123"}, {"1/b", "123"}}}), "");
  EXPECT_EQ(field({"{    }", {}}), "parameters[config]");
  EXPECT_EQ(field({std::nullopt, {{"1/a", ""}}}), "parameters[file:1/a]");
  EXPECT_EQ(field({"{}", {{"../a", ""}}}), "parameters[file:../a]");
  EXPECT_EQ(field({"{}", {{"1/a", "123"}, {"1/b", "1234"}}}), "parameters[file:1/b]");
  EXPECT_EQ(field({"{}", {{"1/a", ""}, {"1/b", ""}, {"1/c", ""}}}), "parameters[file:1/c]");
}

}  // namespace
}  // namespace tournant
