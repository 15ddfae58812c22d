#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "admission/criticality.h"
#include "base/clock.h"

namespace tournant {

// How much of the admitted work each peer has, and how many peers there are, so that one that sends
// more than its share cannot take the places of others. A peer counts for two seconds after its
// last call, since one with few calls has none in flight most of the time.
//
// Not thread-safe.
class PeerShares {
 public:
  struct Peer {
    std::array<Duration, kCriticalities> work{};  // By class.
    TimePoint seen;

    void Add(Criticality criticality, Duration more) { work[IndexOf(criticality)] += more; }
    // Of the class and those that matter more.
    Duration Ahead(Criticality criticality) const {
      Duration ahead{0};
      for (size_t i = 0; i <= IndexOf(criticality); ++i) ahead += work[i];
      return ahead;
    }
  };
  // Whose call has come; stays where it is while it has work. `address` is the peer's without the
  // port: each connection of a client has one of its own.
  Peer& See(absl::string_view address, TimePoint now);

  // Peers seen of late; at least 1 after See.
  size_t active() const { return active_; }
  size_t known() const { return peers_.size(); }

 private:
  static constexpr Duration kMemory = std::chrono::seconds(2);
  static constexpr Duration kSweep = std::chrono::milliseconds(500);

  void Sweep(TimePoint now);

  absl::node_hash_map<std::string, Peer> peers_;
  size_t active_ = 0;
  TimePoint next_sweep_ = TimePoint::min();
};

// "ipv4:10.0.0.1:53122" to "ipv4:10.0.0.1", "ipv6:[::1]:53122" to "ipv6:[::1]"; others, such as
// "unix:/socket", as they are.
absl::string_view WithoutPort(absl::string_view peer);

}  // namespace tournant
