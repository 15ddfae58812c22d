#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

namespace tournant {

template <class T>
class Task;

namespace task_internal {

// What both promises share: who waits, and how to go back there.
class PromiseBase {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct ResumeWaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
      return done.promise().waiter_;
    }
    void await_resume() const noexcept {}
  };
  ResumeWaiter final_suspend() const noexcept { return {}; }

  void set_waiter(std::coroutine_handle<> waiter) { waiter_ = waiter; }

 private:
  std::coroutine_handle<> waiter_ = std::noop_coroutine();
};

template <class T>
class Promise final : public PromiseBase {
 public:
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    result_.template emplace<1>(std::forward<U>(value));
  }
  void unhandled_exception() { result_.template emplace<2>(std::current_exception()); }
  T Take() {
    if (result_.index() == 2) std::rethrow_exception(std::get<2>(result_));
    return std::move(std::get<1>(result_));
  }

 private:
  std::variant<std::monostate, T, std::exception_ptr> result_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void unhandled_exception() { error_ = std::current_exception(); }
  void Take() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

}  // namespace task_internal

// A lazy coroutine: nothing runs until it is awaited, and when it ends its awaiter goes on by
// symmetric transfer, so a chain of awaits uses no stack. An exception reaches the awaiter.
//
// Owned by whoever holds it; the frame, with copies of its arguments, dies with the Task. A Task
// that was awaited must not be destroyed before it has ended: something else holds its handle.
// Awaited once, by one coroutine. Not thread-safe; it runs wherever it is resumed.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_internal::Promise<T>;

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    frame_.promise().set_waiter(waiter);
    return frame_;
  }
  T await_resume() { return frame_.promise().Take(); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

namespace task_internal {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace task_internal

// The root of a call: starts at once, owns itself, frees its frame when it ends. Nobody can wait
// for it, so whoever starts one counts it (see rpc/). An exception that escapes ends the process:
// no one is left who could handle it.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace tournant
