#include "base/timer.h"

namespace tournant {

void TimerQueue::Add(Timer& timer, TimePoint when) {
  Remove(timer);
  timer.when_ = when;
  heap_.emplace_back();
  SiftUp(heap_.size() - 1, {when, &timer});
}

void TimerQueue::Remove(Timer& timer) {
  if (!timer.pending()) return;
  const size_t place = timer.place_;
  timer.place_ = Timer::kNowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  if (place > 0 && last.when < heap_[(place - 1) / 2].when) {
    SiftUp(place, last);
  } else {
    SiftDown(place, last);
  }
}

std::optional<TimePoint> TimerQueue::Next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

size_t TimerQueue::FireDue(TimePoint now) {
  size_t fired = 0;
  while (!heap_.empty() && heap_.front().when <= now) {
    Timer& timer = *heap_.front().timer;
    Remove(timer);
    timer.OnTimer();
    ++fired;
  }
  return fired;
}

void TimerQueue::SiftUp(size_t place, Entry entry) {
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (heap_[parent].when <= entry.when) break;
    Put(place, heap_[parent]);
    place = parent;
  }
  Put(place, entry);
}

void TimerQueue::SiftDown(size_t place, Entry entry) {
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].when < heap_[child].when) ++child;
    if (entry.when <= heap_[child].when) break;
    Put(place, heap_[child]);
    place = child;
  }
  Put(place, entry);
}

}  // namespace tournant
