#include "admission/peer_shares.h"

#include "absl/strings/match.h"

namespace tournant {

PeerShares::Peer& PeerShares::See(absl::string_view address, TimePoint now) {
  if (now >= next_sweep_) Sweep(now);
  const auto [entry, is_new] = peers_.try_emplace(address);
  Peer& peer = entry->second;
  // One that only has work left over from before counts again.
  if (is_new || now - peer.seen > kMemory) ++active_;
  peer.seen = now;
  return peer;
}

void PeerShares::Sweep(TimePoint now) {
  next_sweep_ = now + kSweep;
  active_ = 0;
  for (auto entry = peers_.begin(); entry != peers_.end();) {
    const Peer& peer = entry->second;
    const bool active = now - peer.seen <= kMemory;
    if (active) ++active_;
    if (active || peer.Ahead(Criticality::kSheddable) > Duration::zero()) {
      ++entry;
    } else {
      peers_.erase(entry++);
    }
  }
}

absl::string_view WithoutPort(absl::string_view peer) {
  if (!absl::StartsWith(peer, "ipv4:") && !absl::StartsWith(peer, "ipv6:")) return peer;
  const size_t colon = peer.rfind(':');
  // "ipv6:[::1]" has none.
  if (peer.find(']', colon) != absl::string_view::npos || colon == 4) return peer;
  return peer.substr(0, colon);
}

}  // namespace tournant
