#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tournant {

// How much computing time each peer has been given of late, and how many peers there are, so that
// one that sends more than its share stands behind the others. Older work counts less: half as much
// after half a second. A peer counts for two seconds after its last call, since one with few calls
// has none in flight most of the time.
//
// Not thread-safe.
class PeerShares {
 public:
  struct Standing {
    bool beyond_share = false;  // It has had more than its part of what all have had.
    bool newcomer = false;      // It has had next to nothing.
  };
  // Of whom a call has come now. `address` is the peer's without the port: each connection of a
  // client has one of its own. A peer that is alone is never beyond its share.
  Standing See(absl::string_view address, TimePoint now);
  // A call of the peer, which has been seen at this very moment, is let in.
  void Add(absl::string_view address, Duration work);

  // Peers seen of late; at least 1 after See.
  size_t active() const { return peers_.size(); }

 private:
  static constexpr Duration kHalfLife = std::chrono::milliseconds(500);
  static constexpr Duration kMemory = std::chrono::seconds(2);
  static constexpr Duration kSweep = std::chrono::milliseconds(500);

  // Nanoseconds of work, as they count at a time.
  struct Given {
    double work = 0;
    TimePoint at;

    void Age(TimePoint now);
  };

  void Sweep(TimePoint now);

  absl::flat_hash_map<std::string, Given> peers_;  // When each was seen last.
  Given all_;
  TimePoint next_sweep_ = TimePoint::min();
};

// "ipv4:10.0.0.1:53122" to "ipv4:10.0.0.1", "ipv6:[::1]:53122" to "ipv6:[::1]"; others, such as
// "unix:/socket", as they are.
absl::string_view WithoutPort(absl::string_view peer);

}  // namespace tournant
