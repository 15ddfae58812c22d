#include "features/assemble.h"

#include <chrono>
#include <utility>

#include "features/input_assembler.h"

namespace tournant {

absl::StatusOr<AssembledInputs> Assemble(const FeaturePlan& plan,
                                         const std::vector<NamedTensor>& request,
                                         const BoundRequest& bound, int64_t rows,
                                         const absl::StatusOr<FetchedFeatures>& fetched,
                                         WallTime now, bool keep_cells) {
  const int64_t now_us =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  const InputAssembler::Call call{request, bound, fetched, rows, now_us, plan.batched()};
  AssembledInputs assembled;
  assembled.inputs.reserve(plan.inputs().size());
  assembled.by_view.resize(plan.fetch().views.size());
  if (keep_cells) assembled.cells.Resize(static_cast<size_t>(plan.cells_per_row() * rows));
  for (size_t i = 0; i < plan.inputs().size(); ++i) {
    const PlannedInput& input = plan.inputs()[i];
    if (input.given) {
      // A copy: the request goes into the prediction log as the caller sent it.
      const int position = bound.requests[*input.given];
      assembled.inputs.push_back(position == BoundRequest::kAbsent
                                     ? Tensor{}
                                     : request[static_cast<size_t>(position)].tensor);
      continue;
    }
    InputAssembler assembler(call, input, assembled);
    absl::StatusOr<Tensor> tensor = bound.inputs[i] == BoundRequest::kAbsent
                                        ? assembler.Assemble()
                                        : assembler.FromOverride(bound.inputs[i]);
    if (!tensor.ok()) return tensor.status();
    assembled.inputs.push_back(*std::move(tensor));
  }
  return assembled;
}

}  // namespace tournant
