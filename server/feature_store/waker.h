#pragma once

namespace tournant {

// Ends a poll() of another thread. Owned by whoever owns the polling thread; outlives both sides.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  // Any thread. Wake-ups that nobody has cleared yet count as one.
  void Wake();

  // The polling thread: readable once somebody woke it, until Clear().
  int fd() const { return fd_; }
  void Clear();

 private:
  const int fd_;
};

}  // namespace tournant
