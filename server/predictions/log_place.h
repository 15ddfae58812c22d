#pragma once

#include <cstddef>
#include <utility>

namespace tournant {

// Who gives out places in a log. Any thread.
class LogPlaces {
 public:
  // A place of `bytes` is not needed any more.
  virtual void GiveBack(size_t bytes) = 0;

 protected:
  ~LogPlaces() = default;
};

// A call's place in the prediction log: room for its record, which is then not dropped for want of
// it. Empty, or given back when it dies; a record that is handed in takes its place with it. Its
// log outlives it; one thread at a time.
class LogPlace {
 public:
  LogPlace() = default;
  LogPlace(LogPlaces& places, size_t bytes) : places_(&places), bytes_(bytes) {}
  ~LogPlace() { Release(); }
  LogPlace(const LogPlace&) = delete;
  LogPlace& operator=(const LogPlace&) = delete;
  LogPlace(LogPlace&& other) noexcept
      : places_(std::exchange(other.places_, nullptr)), bytes_(other.bytes_) {}
  LogPlace& operator=(LogPlace&& other) noexcept {
    if (this == &other) return *this;
    Release();
    places_ = std::exchange(other.places_, nullptr);
    bytes_ = other.bytes_;
    return *this;
  }

  bool taken() const { return places_ != nullptr; }
  // What was reserved, for the log, which keeps the books from here on.
  size_t HandOver() {
    places_ = nullptr;
    return bytes_;
  }

 private:
  void Release() {
    if (places_ != nullptr) places_->GiveBack(bytes_);
  }

  LogPlaces* places_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace tournant
