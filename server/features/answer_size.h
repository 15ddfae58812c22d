#pragma once

#include "absl/status/statusor.h"
#include "features/feature_client.h"
#include "features/fetched_features.h"

namespace tournant {

// Makes an answer that has not the features and the rows of its request an INTERNAL error: a client
// below is wrong. To be called before cells of an answer are looked at.
void CheckSize(const FetchRequest& request, absl::StatusOr<FetchedFeatures>& answer);

}  // namespace tournant
