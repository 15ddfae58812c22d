#include "features/hedging_fetcher.h"

#include <utility>

#include "absl/container/inlined_vector.h"
#include "features/fetch_outcome.h"
#include "features/fetch_race.h"

namespace tournant {

Task<BackendAnswer> HedgingFetcher::FetchFrom(const CallContext& call, const FetchRequest& request,
                                              BackendMask avoid) {
  // Without a choice nothing has to be known about the backend.
  if (backends_.size() == 1) {
    co_return BackendAnswer{co_await backends_[0]->Fetch(call, request), MaskOf(0)};
  }
  const TimePoint now = call.clock.Now();
  if (avoid == 0) budget_.Earn();
  const std::optional<size_t> first = Choose(now, avoid);
  if (!first) {
    co_return BackendAnswer{NotAsked(
        absl::UnavailableError("the breakers of all backends of the feature store are open"))};
  }
  const std::optional<TimePoint> hedge_at =
      HedgeTime(now, request.deadline, tracker_.p50(), tracker_.p95(), options_.policy);
  if (hedge_at) co_return co_await Race(call, request, *first, *hedge_at);
  absl::StatusOr<FetchedFeatures> answer = co_await backends_[*first]->Fetch(call, request);
  co_return BackendAnswer{std::move(answer), MaskOf(*first)};
}

Task<BackendAnswer> HedgingFetcher::Race(const CallContext& call, const FetchRequest& request,
                                         size_t first, TimePoint hedge_at) {
  constexpr size_t kFirst = 0;
  constexpr size_t kHedge = 1;
  FetchRace race(call, request);
  BackendMask asked = MaskOf(first);
  race.Start(*backends_[first]);
  co_await race.ChangeOr(hedge_at);
  std::optional<size_t> second;
  if (!race.ended(kFirst)) second = ChooseSecond(call.clock.Now(), first);
  if (second) {
    asked |= MaskOf(*second);
    race.Start(*backends_[*second]);
  }
  while (!race.winner() && !race.all_ended()) co_await race.Change();
  co_await race.Drain();
  const size_t best = race.winner().value_or(kFirst);
  if (second) (best == kHedge ? won_ : lost_).Add();
  co_return BackendAnswer{race.Take(best), asked};
}

std::optional<size_t> HedgingFetcher::Choose(TimePoint now, BackendMask avoid) {
  absl::InlinedVector<BackendView, 8> views;
  for (const std::unique_ptr<FeatureBackend>& backend : backends_) {
    views.push_back(backend->View(now));
  }
  return ChooseBackend(views, turn_.fetch_add(1, std::memory_order_relaxed), avoid);
}

std::optional<size_t> HedgingFetcher::ChooseSecond(TimePoint now, size_t first) {
  if (brown_out_.level() == BrownOutLevel::kNormal) {
    // Without another backend that is well, the first one is chosen again.
    const std::optional<size_t> second = Choose(now, MaskOf(first));
    if (second && *second != first && budget_.Spend()) return second;
  }
  suppressed_.Add();
  return std::nullopt;
}

HedgingFetcher::Numbers HedgingFetcher::Read() const {
  return {won_.value(), lost_.value(), suppressed_.value(), budget_.tokens()};
}

}  // namespace tournant
