#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/rng.h"

namespace tournant::client {

// Calls of one kind.
struct CallClass {
  std::string criticality;  // Sent as metadata kCriticalityKey; empty: not sent.
  double share = 1;         // Of all calls, in proportion to the others' shares.
  std::chrono::milliseconds deadline = std::chrono::seconds(5);
};

inline constexpr char kCriticalityKey[] = "tournant-criticality";

// The classes of "CLASS[:SHARE[:DEADLINE]],...", such as "critical:70:100ms,sheddable:30". Without
// them the share is 1 and the deadline is `deadline`. INVALID_ARGUMENT names the entry that is
// wrong. An empty text is one class without criticality.
absl::StatusOr<std::vector<CallClass>> ParseMix(absl::string_view text,
                                                std::chrono::milliseconds deadline);

// Draws classes in their shares. Constant; any thread, each with an rng of its own.
class CallMix {
 public:
  explicit CallMix(const std::vector<CallClass>& classes);  // At least one.

  // The place of a class in the list.
  size_t Choose(Rng& rng) const;

 private:
  std::vector<double> up_to_;  // The sum of the shares up to and with each class.
};

}  // namespace tournant::client
