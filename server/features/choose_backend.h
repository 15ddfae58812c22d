#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"

namespace tournant {

// A set of backends, by index.
using BackendMask = uint64_t;
inline constexpr size_t kMaxBackends = 64;
inline BackendMask MaskOf(size_t backend) { return BackendMask{1} << backend; }

struct BackendView {
  bool reachable = true;  // Connected or connecting, and well by its own word.
  bool allowed = true;    // Its breaker would let a call through.
  int64_t in_flight = 0;
};

// The backend to ask next: among those that are allowed and reachable the one with the fewest calls
// in flight, in turn where several have as few. Those in `avoid` only if there is no other, and one
// that is allowed but not reachable only if all are, since its error says more than a refusal.
// Nothing when every breaker is open.
std::optional<size_t> ChooseBackend(absl::Span<const BackendView> backends, uint64_t turn,
                                    BackendMask avoid);

}  // namespace tournant
