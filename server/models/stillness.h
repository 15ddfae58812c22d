#pragma once

#include <map>
#include <set>
#include <string>

#include "base/clock.h"

namespace tournant {

// Tells directories that somebody is still writing from those that are complete: one whose state
// has been the same for a whole period. One thread.
class Stillness {
 public:
  explicit Stillness(Duration period) : period_(period) {}

  // `state` is what is seen of `name` now; empty: it is not there. Whether that has been seen for a
  // period.
  bool Settled(const std::string& name, const std::string& state, TimePoint now);
  // Takes what is seen for complete: its last change is known to be old.
  void Settle(const std::string& name, const std::string& state, TimePoint now);
  // Forgets all others.
  void KeepOnly(const std::set<std::string>& names);

 private:
  struct Seen {
    std::string state;
    TimePoint since;
  };

  const Duration period_;
  std::map<std::string, Seen> seen_;
};

}  // namespace tournant
