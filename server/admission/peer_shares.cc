#include "admission/peer_shares.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"

namespace tournant {
namespace {

// A newcomer has had no more than such a part of its share.
constexpr int kNewcomerParts = 100;

double InSeconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void PeerShares::Given::Age(TimePoint now) {
  const double half_lives = InSeconds(now - at) / InSeconds(kHalfLife);
  work *= std::exp2(-std::max(half_lives, 0.0));
  at = now;
}

PeerShares::Standing PeerShares::See(absl::string_view address, TimePoint now) {
  if (now >= next_sweep_) Sweep(now);
  Given& peer = peers_[address];
  peer.Age(now);
  all_.Age(now);
  const double share = all_.work / static_cast<double>(peers_.size());
  Standing standing;
  standing.beyond_share = peers_.size() > 1 && peer.work > share;
  standing.newcomer = peer.work <= share / kNewcomerParts;
  return standing;
}

void PeerShares::Add(absl::string_view address, Duration work) {
  peers_[address].work += static_cast<double>(work.count());
  all_.work += static_cast<double>(work.count());
}

void PeerShares::Sweep(TimePoint now) {
  next_sweep_ = now + kSweep;
  absl::erase_if(peers_, [now](const auto& entry) { return now - entry.second.at > kMemory; });
}

absl::string_view WithoutPort(absl::string_view peer) {
  if (!absl::StartsWith(peer, "ipv4:") && !absl::StartsWith(peer, "ipv6:")) return peer;
  const size_t colon = peer.rfind(':');
  // "ipv6:[::1]" has none.
  if (peer.find(']', colon) != absl::string_view::npos || colon == 4) return peer;
  return peer.substr(0, colon);
}

}  // namespace tournant
