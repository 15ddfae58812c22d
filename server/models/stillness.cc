#include "models/stillness.h"

namespace tournant {

bool Stillness::Settled(const std::string& name, const std::string& state, TimePoint now) {
  const auto [found, is_new] = seen_.try_emplace(name, Seen{state, now});
  Seen& seen = found->second;
  if (seen.state != state) seen = {state, now};
  return now - seen.since >= period_;
}

void Stillness::Settle(const std::string& name, const std::string& state, TimePoint now) {
  seen_[name] = {state, now - period_};
}

void Stillness::KeepOnly(const std::set<std::string>& names) {
  std::erase_if(seen_, [&](const auto& seen) { return !names.contains(seen.first); });
}

}  // namespace tournant
