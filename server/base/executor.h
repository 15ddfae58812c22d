#pragma once

#include <coroutine>
#include <span>

namespace tournant {

// Where a suspended coroutine goes on. Post is the only door between threads in this program.
class Executor {
 public:
  virtual ~Executor() = default;

  // Resumes `handle` on the executor's own thread, later, never inside the call. Any thread.
  virtual void Post(std::coroutine_handle<> handle) = 0;

  // Posts all of them with one wake-up. Any thread.
  virtual void PostAll(std::span<const std::coroutine_handle<>> handles) = 0;
};

}  // namespace tournant
