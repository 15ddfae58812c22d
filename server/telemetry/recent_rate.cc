#include "telemetry/recent_rate.h"

#include <utility>

namespace tournant {

RecentRate::RecentRate(const Clock& clock, std::function<double()> read, Duration window)
    : clock_(clock), read_(std::move(read)), window_(window), samples_{{clock.Now(), read_()}} {}

double RecentRate::PerSecond() {
  constexpr int kSamples = 16;
  MutexLock lock(mutex_);
  const Sample now{clock_.Now(), read_()};
  // The oldest one that is kept is a window old, or the only one.
  while (samples_.size() > 1 && now.time - samples_[1].time >= window_) samples_.pop_front();
  const Sample& then = samples_.front();
  const double seconds = std::chrono::duration<double>(now.time - then.time).count();
  const double rate = seconds > 0 ? (now.value - then.value) / seconds : 0;
  if (now.time - samples_.back().time >= window_ / kSamples) samples_.push_back(now);
  return rate;
}

}  // namespace tournant
