#pragma once

#include <functional>
#include <string>
#include <thread>
#include <utility>

namespace tournant {

// A named thread that is joined when this object dies. The only place where threads are made, so
// that all of them have a name and an owner.
class Thread {
 public:
  enum class Priority { kNormal, kLow };

  Thread() = default;
  // `name` shows in debuggers and /proc; Linux cuts it at 15 bytes. kLow is for work that must not
  // disturb serving, such as loading a model.
  Thread(std::string name, std::function<void()> body, Priority priority = Priority::kNormal);
  Thread(Thread&&) = default;
  Thread& operator=(Thread&& other) noexcept {
    Join();
    thread_ = std::move(other.thread_);
    return *this;
  }
  ~Thread() { Join(); }

  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  bool joinable() const { return thread_.joinable(); }

 private:
  std::thread thread_;
};

}  // namespace tournant
