#include "feature_store/waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace tournant {

Waker::Waker() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) std::abort();  // No descriptor is left at start: nothing would work.
}

Waker::~Waker() { close(fd_); }

void Waker::Wake() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the poll ends all the same.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
}

void Waker::Clear() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof(count));
}

}  // namespace tournant
