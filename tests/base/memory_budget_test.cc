#include "base/memory_budget.h"

#include <gmock/gmock.h>

namespace tournant {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMi = int64_t{1} << 20;

MemoryBudget Budget(int64_t limit) {
  MemoryBudget budget;
  budget.parts = {{"process", 200 * kMi, ""},
                  {"requests in flight", 1024 * kMi, "--max_in_flight_bytes"},
                  {"models", 300 * kMi, "--model_repository"}};
  if (limit > 0) budget.limit = CgroupLimits::Memory{limit, "/sys/fs/cgroup/memory.max"};
  return budget;
}

TEST(MemoryBudget, FitsWhereNothingLimitsIt) {
  EXPECT_TRUE(CheckMemoryBudget(Budget(0)).ok());
  EXPECT_EQ(Budget(0).headroom(), 381 * kMi);
  EXPECT_EQ(Budget(0).total(), 1905 * kMi);
}

TEST(MemoryBudget, FitsIntoALimitThatIsJustLargeEnoughForItAndAQuarterMore) {
  EXPECT_TRUE(CheckMemoryBudget(Budget(1905 * kMi)).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(CheckMemoryBudget(Budget(1905 * kMi - 1))));
}

TEST(MemoryBudget, NamesTheLimitAndWhatIsTooLargeWithItsFlag) {
  EXPECT_EQ(CheckMemoryBudget(Budget(512 * kMi)).message(),
            "the memory limit of 512.0 MiB in /sys/fs/cgroup/memory.max is less than the 1.9 GiB "
            "that may be needed, by 1.4 GiB: requests in flight 1.0 GiB (--max_in_flight_bytes), "
            "models 300.0 MiB (--model_repository), process 200.0 MiB, a quarter more 381.0 MiB");
}

TEST(MemoryBudget, IsAJsonObjectInBytes) {
  MemoryBudget budget;
  budget.parts = {{"process", 8, ""}};
  EXPECT_EQ(budget.Json(), R"({"process":8,"headroom":2,"total":10})");
  budget.limit = CgroupLimits::Memory{9, "f"};
  EXPECT_EQ(budget.Json(), R"({"process":8,"headroom":2,"total":10,"limit":9})");
}

TEST(MemoryBudget, KnowsWhatTheProcessHasNow) {
  EXPECT_GT(ResidentBytes(), kMi);
  EXPECT_GT(UnsharedBytes(), 0);
  EXPECT_LT(UnsharedBytes(), ResidentBytes());
}

}  // namespace
}  // namespace tournant
