#pragma once

#include <signal.h>

#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "base/thread.h"
#include "models/loader.h"

namespace tournant {

// What signals mean to tournant-server: SIGTERM and SIGINT drain it, a second one ends it at once,
// SIGHUP rescans the repository. All of it on main's thread unless it says otherwise.

// Blocks them in this thread and those that it starts, so that only who waits for them sees them.
sigset_t BlockSignals();

// Loads the repository for the first time, in a thread of its own, so that a signal can end it.
// CANCELLED when one did.
absl::Status LoadOrStop(const sigset_t& signals, ModelLoader& loader);

// Returns when the server shall end.
void WaitForTheEnd(const sigset_t& signals, ModelLoader& loader);

// Lets the time pass in which load balancers notice that this server is going.
void WaitOutDrainDelay(std::chrono::milliseconds delay);

// While it lives, a second signal calls `end_at_once`, which does not return, in a thread of its
// own.
class SecondSignal {
 public:
  SecondSignal(const sigset_t& signals, std::function<void()> end_at_once);
  ~SecondSignal();
  SecondSignal(const SecondSignal&) = delete;
  SecondSignal& operator=(const SecondSignal&) = delete;

 private:
  Thread thread_;
};

}  // namespace tournant
