#include "cpp/interrupts.h"

namespace tournant::client {
namespace {

std::atomic<int> received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void Receive(int number) {
  if (++received >= 2) signal(number, SIG_DFL);
}

}  // namespace

Interrupts::Interrupts() {
  received = 0;
  struct sigaction action{};
  action.sa_handler = Receive;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
}

Interrupts::~Interrupts() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

const std::atomic<int>& Interrupts::count() const { return received; }

}  // namespace tournant::client
