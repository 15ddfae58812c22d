#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace tournant {

// Bytes that start on a cache line, as vectorised kernels like them. Grows, never shrinks. One
// thread at a time.
class AlignedBuffer {
 public:
  // At least `size` bytes with unspecified contents; what an earlier call returned is gone.
  // Never null, so that copying nothing into it is legal.
  char* Reserve(size_t size) {
    if (size > capacity_ || bytes_ == nullptr) {
      bytes_.reset();
      capacity_ = 0;
      // Half as much again, so that slowly growing batches do not allocate each time.
      const size_t capacity = std::max(kLeast, size + size / 2);
      bytes_.reset(static_cast<char*>(::operator new(capacity, kAlignment)));
      capacity_ = capacity;
    }
    return bytes_.get();
  }
  size_t capacity() const { return capacity_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  static constexpr size_t kLeast = 64;
  struct Free {
    void operator()(char* bytes) const { ::operator delete(bytes, kAlignment); }
  };

  std::unique_ptr<char, Free> bytes_;
  size_t capacity_ = 0;
};

}  // namespace tournant
