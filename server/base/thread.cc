#include "base/thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

}  // namespace

Thread::Thread(std::string name, std::function<void()> body, Priority priority)
    : thread_([name = std::move(name), body = std::move(body), priority] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        if (priority == Priority::kLow) LowerPriority();
        body();
      }) {}

}  // namespace tournant
