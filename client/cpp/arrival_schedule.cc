#include "cpp/arrival_schedule.h"

#include <cmath>
#include <utility>

#include "cpp/draw.h"

namespace tournant::client {

ArrivalSchedule::ArrivalSchedule(const Options& options, std::unique_ptr<Rng> rng)
    : options_(options), rng_(std::move(rng)) {
  Advance();
}

void ArrivalSchedule::Advance() {
  if (options_.arrivals == Arrivals::kConstant) {
    // From the count and not from the last one, so that no error adds up.
    const double turn = static_cast<double>(calls_++) * options_.shares + options_.share;
    nanos_ = turn * 1e9 / options_.calls_per_s;
  } else {
    const double mean_gap = 1e9 * options_.shares / options_.calls_per_s;
    nanos_ -= std::log1p(-DrawFraction(*rng_)) * mean_gap;
  }
  next_ = options_.start + Duration(static_cast<int64_t>(nanos_));
}

}  // namespace tournant::client
