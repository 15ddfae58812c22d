#pragma once

#include "absl/status/status.h"
#include "features/feature_client.h"

namespace feast::serving {
class GetOnlineFeaturesResponse;
}  // namespace feast::serving

namespace tournant {

// Feast's servers send the key columns back, most of them. INTERNAL when those tell that the rows
// of an answer are not the rows that were asked for, in their order: features of another entity are
// worse than none. What an answer does not have, or has in a form that cannot be compared, is no
// reason to refuse it.
absl::Status CheckKeyEcho(const FetchRequest& request,
                          const feast::serving::GetOnlineFeaturesResponse& message);

}  // namespace tournant
