#include "features/fetch_race.h"

#include <algorithm>
#include <cassert>
#include <memory>

namespace tournant {

FetchRace::~FetchRace() { assert(all_ended()); }

void FetchRace::Start(FeatureClient& client) {
  attempts_.push_back(std::make_unique<Attempt>(call_));
  Run(*this, attempts_.size() - 1, client);
}

Detached FetchRace::Run(FetchRace& race, size_t attempt, FeatureClient& client) {
  Attempt& self = *race.attempts_[attempt];
  self.answer.emplace(co_await client.Fetch(self.context, race.request_));
  if (self.answer->ok() && !race.winner_) race.winner_ = attempt;
  // The last touch: the race may end as soon as its loop goes on.
  race.changed_.Signal();
}

bool FetchRace::all_ended() const {
  return std::all_of(attempts_.begin(), attempts_.end(),
                     [](const auto& attempt) { return attempt->answer.has_value(); });
}

Task<void> FetchRace::Drain() {
  for (const std::unique_ptr<Attempt>& attempt : attempts_) {
    if (!attempt->answer) attempt->stop.request_stop();
  }
  while (!all_ended()) co_await changed_.Next();
}

}  // namespace tournant
