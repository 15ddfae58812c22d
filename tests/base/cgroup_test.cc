#include "base/cgroup.h"

#include <gtest/gtest.h>

#include "base/cores.h"
#include "fakes/temp_dir.h"

namespace tournant {
namespace {

constexpr char kV2Mount[] = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
constexpr char kV1Mounts[] =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

class CgroupTest : public ::testing::Test {
 protected:
  // The process is in `group`, by the lines of /proc/self/cgroup.
  void Place(const std::string& group, const std::string& mounts) {
    root_.Write("proc/self/cgroup", group);
    root_.Write("proc/self/mountinfo",
                "23 1 8:1 / / rw - ext4 /dev/root rw\nnot a mount\n" + mounts);
  }
  void Write(const std::string& file, const std::string& text) { root_.Write(file, text + "\n"); }
  CgroupLimits Read() const { return ReadCgroupLimits(root_.path().string()); }

  TempDir root_;
};

TEST_F(CgroupTest, WithoutGroupsThereIsNoLimit) {
  EXPECT_FALSE(Read().cpu);
  EXPECT_FALSE(Read().memory);
}

TEST_F(CgroupTest, ReadsTheLimitsOfAContainerWithANamespaceOfItsOwn) {
  Place("0::/\n", kV2Mount);
  Write("sys/fs/cgroup/cpu.max", "250000 100000");
  Write("sys/fs/cgroup/memory.max", "1073741824");
  const CgroupLimits limits = Read();
  ASSERT_TRUE(limits.cpu);
  EXPECT_EQ(limits.cpu->cores, 2.5);
  EXPECT_EQ(limits.cpu->file, "/sys/fs/cgroup/cpu.max");
  ASSERT_TRUE(limits.memory);
  EXPECT_EQ(limits.memory->bytes, 1073741824);
  EXPECT_EQ(limits.memory->file, "/sys/fs/cgroup/memory.max");
}

TEST_F(CgroupTest, MaxIsNoLimit) {
  Place("0::/a\n", kV2Mount);
  Write("sys/fs/cgroup/a/cpu.max", "max 100000");
  Write("sys/fs/cgroup/a/memory.max", "max");
  EXPECT_FALSE(Read().cpu);
  EXPECT_FALSE(Read().memory);
}

TEST_F(CgroupTest, TakesTheTightestOfTheGroupsAbove) {
  Place("0::/pods/one/container\n", kV2Mount);
  Write("sys/fs/cgroup/pods/one/container/cpu.max", "max 100000");
  Write("sys/fs/cgroup/pods/one/cpu.max", "150000 50000");
  Write("sys/fs/cgroup/pods/cpu.max", "800000 100000");
  Write("sys/fs/cgroup/pods/one/container/memory.max", "4000");
  Write("sys/fs/cgroup/pods/memory.max", "3000");
  const CgroupLimits limits = Read();
  EXPECT_EQ(limits.cpu->cores, 3);
  EXPECT_EQ(limits.cpu->file, "/sys/fs/cgroup/pods/one/cpu.max");
  EXPECT_EQ(limits.memory->bytes, 3000);
}

TEST_F(CgroupTest, ReadsVersion1) {
  Place("4:memory:/a/b\n3:cpu,cpuacct:/a\n0::/\n", kV1Mounts);
  Write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "50000");
  Write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
  Write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712");
  Write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "536870912");
  const CgroupLimits limits = Read();
  EXPECT_EQ(limits.cpu->cores, 0.5);
  EXPECT_EQ(limits.memory->bytes, 536870912);
  EXPECT_EQ(limits.memory->file, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes");
}

TEST_F(CgroupTest, InAContainerThatSeesTheNamesOfItsHostTheMountIsItsOwnGroup) {
  Place("4:memory:/docker/abc\n",
        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000");
  EXPECT_EQ(Read().memory->bytes, 1000000);
  // And groups within the container are below it.
  Place("4:memory:/docker/abc/inner\n",
        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  Write("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "500000");
  EXPECT_EQ(Read().memory->bytes, 500000);
}

TEST_F(CgroupTest, AGroupOutsideOfWhatIsMountedLeavesTheMount) {
  for (const char* group : {"0::/../../elsewhere\n", "0::/elsewhere\n"}) {
    Place(group, "29 23 0:26 /mine /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    Write("sys/fs/cgroup/memory.max", "1234567");
    EXPECT_EQ(Read().memory->bytes, 1234567) << group;
  }
}

TEST_F(CgroupTest, ReadsBothVersionsWhereAMachineHasBoth) {
  Place("3:cpu,cpuacct:/a\n0::/b\n",
        std::string(kV1Mounts) + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  Write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "400000");
  Write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000");
  Write("sys/fs/cgroup/unified/b/memory.max", "7000000");
  EXPECT_EQ(Read().cpu->cores, 4);
  EXPECT_EQ(Read().memory->bytes, 7000000);
}

TEST_F(CgroupTest, MountPointsMayHaveSpaces) {
  Place("0::/\n", "29 23 0:26 / /sys/c\\040groups rw - cgroup2 cgroup2 rw\n");
  Write("sys/c groups/memory.max", "5000");
  EXPECT_EQ(Read().memory->bytes, 5000);
}

TEST_F(CgroupTest, WhatIsNoNumberIsNoLimit) {
  Place("0::/\n", kV2Mount);
  for (const char* text : {"", "0 100000", "-1 100000", "100000", "100000 0", "a b", "1 2 3"}) {
    Write("sys/fs/cgroup/cpu.max", text);
    EXPECT_FALSE(Read().cpu) << text;
  }
  for (const char* text : {"", "0", "-1", "many", "99999999999999999999"}) {
    Write("sys/fs/cgroup/memory.max", text);
    EXPECT_FALSE(Read().memory) << text;
  }
}

TEST(UsableCores, OfThisMachineAreOneAtLeast) { EXPECT_GE(UsableCores(ReadCoreLimits()), 1); }

TEST(UsableCores, AreThoseOfTheMaskWithoutAQuota) { EXPECT_EQ(UsableCores({8, {}}), 8); }

TEST(UsableCores, AreTheWholeOnesInTheQuotaAndAtLeastOne) {
  const auto with_quota = [](double cores) {
    return UsableCores({8, CgroupLimits::Cpu{cores, "cpu.max"}});
  };
  EXPECT_EQ(with_quota(0.1), 1);
  EXPECT_EQ(with_quota(1.9), 1);
  EXPECT_EQ(with_quota(2), 2);
  EXPECT_EQ(with_quota(2.9999999), 3);
  EXPECT_EQ(with_quota(7.5), 7);
  EXPECT_EQ(with_quota(64), 8);
  EXPECT_EQ(with_quota(1e30), 8);
}

}  // namespace
}  // namespace tournant
