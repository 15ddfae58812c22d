#include "features/answer_size.h"

namespace tournant {

void CheckSize(const FetchRequest& request, absl::StatusOr<FetchedFeatures>& answer) {
  if (!answer.ok()) return;
  if (answer->features() == request.wanted.size() &&
      answer->rows() == static_cast<size_t>(request.rows)) {
    return;
  }
  answer = absl::InternalError("the feature client's answer has another size");
}

}  // namespace tournant
