#include "features/choose_backend.h"

#include <tuple>

namespace tournant {

std::optional<size_t> ChooseBackend(absl::Span<const BackendView> backends, uint64_t turn,
                                    BackendMask avoid) {
  using Cost = std::tuple<bool, bool, int64_t>;
  std::optional<size_t> best;
  Cost lowest;
  for (size_t i = 0; i < backends.size(); ++i) {
    // Each call begins elsewhere, and of equal ones the first is taken.
    const size_t index = (turn + i) % backends.size();
    const BackendView& backend = backends[index];
    if (!backend.allowed) continue;
    const bool avoided = (avoid & MaskOf(index)) != 0;
    const Cost cost{!backend.reachable, avoided, backend.in_flight};
    if (best && !(cost < lowest)) continue;
    best = index;
    lowest = cost;
  }
  return best;
}

}  // namespace tournant
