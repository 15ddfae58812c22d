#pragma once

#include <atomic>

namespace tournant {

// Whatever a completion-queue tag points at. gRPC's own queue hands it from the thread that starts
// an operation to the one that finishes it; Arm and Dispatch repeat that edge where ThreadSanitizer
// can see it, since Debian's gRPC is not instrumented.
class CqTag {
 public:
  CqTag() = default;
  CqTag(const CqTag&) = delete;
  CqTag& operator=(const CqTag&) = delete;

  // The tag to give to gRPC, exactly once per operation.
  void* Arm() {
    handoff_.store(true, std::memory_order_release);
    return this;
  }
  // The queue's thread, when the operation is over.
  void Dispatch(bool ok) {
    (void)handoff_.load(std::memory_order_acquire);
    OnCompletion(ok);
  }

 protected:
  ~CqTag() = default;

 private:
  // May destroy *this.
  virtual void OnCompletion(bool ok) = 0;

  std::atomic<bool> handoff_{false};
};

}  // namespace tournant
