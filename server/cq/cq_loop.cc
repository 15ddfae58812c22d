#include "cq/cq_loop.h"

#include <utility>

#include "grpc/support/time.h"

namespace tournant {

CqLoop::CqLoop(std::unique_ptr<grpc::CompletionQueue> queue, const Clock& clock)
    : queue_(std::move(queue)), clock_(clock) {}

CqLoop::~CqLoop() = default;

void CqLoop::Run() {
  owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  for (;;) {
    const gpr_timespec wait = FireTimers();
    void* tag = nullptr;
    bool ok = false;
    const auto status = queue_->AsyncNext(&tag, &ok, wait);
    if (status == grpc::CompletionQueue::SHUTDOWN) break;
    turns_.fetch_add(1, std::memory_order_relaxed);
    if (status == grpc::CompletionQueue::GOT_EVENT) static_cast<CqTag*>(tag)->Dispatch(ok);
    if (!local_.empty()) ResumeLocal();
  }
  owner_.store({}, std::memory_order_relaxed);
}

gpr_timespec CqLoop::FireTimers() {
  // "Now" would be rounded up to the next millisecond; the past is not waited for.
  const gpr_timespec at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  Duration left = Duration::max();
  if (timers_.size() > 0) {
    // Read once a turn: it costs as much as a timer.
    const TimePoint now = clock_.Now();
    timers_.FireDue(now);
    if (const auto next = timers_.Next()) left = *next - now;
  }
  if (!local_.empty()) return at_once;
  if (left == Duration::max()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_from_nanos(left.count(), GPR_TIMESPAN);
}

void CqLoop::Shutdown() { queue_->Shutdown(); }

void CqLoop::PostAll(std::span<const std::coroutine_handle<>> handles) {
  if (handles.empty()) return;
  if (OnOwnThread()) {
    local_.insert(local_.end(), handles.begin(), handles.end());
    return;
  }
  MutexLock lock(mutex_);
  posted_.insert(posted_.end(), handles.begin(), handles.end());
  if (armed_) return;
  armed_ = true;
  // The past, not now: gRPC rounds a deadline up to the next millisecond, so "now" costs 600 us
  // and the past 10.
  wake_up_.Set(queue_.get(), gpr_time_0(GPR_CLOCK_REALTIME), Arm());
}

void CqLoop::OnCompletion(bool ok) {
  MutexLock lock(mutex_);
  armed_ = false;
  if (local_.empty()) {
    local_.swap(posted_);
  } else {
    local_.insert(local_.end(), posted_.begin(), posted_.end());
    posted_.clear();
  }
}

void CqLoop::ResumeLocal() {
  // What they post in turn waits for the next turn, so that the queue is looked at in between.
  running_.swap(local_);
  for (const std::coroutine_handle<> handle : running_) handle.resume();
  running_.clear();
}

}  // namespace tournant
