#pragma once

#include <signal.h>

#include <atomic>

namespace tournant::client {

// Counts SIGINT and SIGTERM while it lives, instead of what they did before: the first two, so that
// the third ends the process if nothing else does. At most one at a time in a process.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  const std::atomic<int>& count() const;

 private:
  struct sigaction old_int_{};
  struct sigaction old_term_{};
};

}  // namespace tournant::client
