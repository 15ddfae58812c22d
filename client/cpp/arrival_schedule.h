#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/rng.h"

namespace tournant::client {

// How calls that nobody asked for come in.
enum class Arrivals {
  kPoisson,   // Independently of each other, as those of many callers do.
  kConstant,  // At equal distances.
};

// When the calls of an open loop are due, which no answer delays. One thread; used up as it goes.
// Equal seeds give equal times.
class ArrivalSchedule {
 public:
  struct Options {
    Arrivals arrivals = Arrivals::kPoisson;
    double calls_per_s = 1;
    TimePoint start{};
    // Schedules that share the rate, and which of them this is: together they are like one.
    int shares = 1;
    int share = 0;
  };

  ArrivalSchedule(const Options& options, std::unique_ptr<Rng> rng);

  TimePoint next() const { return next_; }
  void Advance();

 private:
  Options options_;
  std::unique_ptr<Rng> rng_;
  int64_t calls_ = 0;  // Up to and with `next_`; of constant arrivals.
  double nanos_ = 0;   // Of `next_`, from the start.
  TimePoint next_;
};

}  // namespace tournant::client
