#include "base/child_environment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace tournant {
namespace {

std::vector<std::string> Entries() {
  std::vector<std::string> entries;
  for (const char* entry : ChildEnvironment()) {
    if (entry != nullptr) entries.emplace_back(entry);
  }
  return entries;
}

bool Has(const std::vector<std::string>& entries, const std::string& wanted) {
  return std::find(entries.begin(), entries.end(), wanted) != entries.end();
}

TEST(ChildEnvironment, HandsOnEverythingButOurSettings) {
  setenv("TOURNANT_LOAD_MODEL", "a", 1);
  setenv("CHILD_ENVIRONMENT_TEST", "TOURNANT_", 1);
  const std::vector<std::string> entries = Entries();
  unsetenv("TOURNANT_LOAD_MODEL");
  unsetenv("CHILD_ENVIRONMENT_TEST");
  EXPECT_TRUE(Has(entries, "CHILD_ENVIRONMENT_TEST=TOURNANT_"));
  EXPECT_FALSE(Has(entries, "TOURNANT_LOAD_MODEL=a"));
}

TEST(ChildEnvironment, EndsWithANullPointer) { EXPECT_EQ(ChildEnvironment().back(), nullptr); }

}  // namespace
}  // namespace tournant
