#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <utility>

namespace tournant {
namespace {

void LowerPriority() {
  // On Linux a nice value set by thread id holds for that thread alone. Relative to where the
  // process was started, and the kernel cuts it at 19.
  constexpr int kNicer = 10;
  const id_t self = static_cast<id_t>(syscall(SYS_gettid));
  setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + kNicer);
}

// Cores allowed by a quota per period, both in microseconds; 0 without a limit.
int CoresFromQuota(double quota, double period) {
  if (quota <= 0 || period <= 0) return 0;
  return std::max(1, static_cast<int>(std::lround(quota / period)));
}

int CgroupCores() {
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2) {
    std::string quota;
    double period = 0;
    v2 >> quota >> period;
    if (quota.empty() || quota == "max") return 0;
    return CoresFromQuota(std::strtod(quota.c_str(), nullptr), period);
  }
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  quota_file >> quota;
  period_file >> period;
  return CoresFromQuota(quota, period);
}

}  // namespace

Thread::Thread(std::string name, std::function<void()> body, Priority priority)
    : thread_([name = std::move(name), body = std::move(body), priority] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        if (priority == Priority::kLow) LowerPriority();
        body();
      }) {}

int AvailableCores() {
  cpu_set_t set;
  int cores = 1;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cores = std::max(1, CPU_COUNT(&set));
  const int quota = CgroupCores();
  return quota > 0 ? std::min(cores, quota) : cores;
}

}  // namespace tournant
