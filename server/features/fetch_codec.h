#pragma once

#include "absl/status/statusor.h"
#include "features/feature_client.h"
#include "features/fetched_features.h"

namespace feast::serving {
class GetOnlineFeaturesRequest;
class GetOnlineFeaturesResponse;
}  // namespace feast::serving

namespace tournant {

// A fetch on the wire of Feast's GetOnlineFeatures. Feast's servers differ in the order and names
// of their answers and in what their statuses mean; this reads all of them alike.

// By service, or by the refs that are wanted with the keys that those need: some servers refuse
// keys that nothing asks for.
void WriteFetchRequest(const FetchRequest& request,
                       feast::serving::GetOnlineFeaturesRequest& message);

// Columns are found by name, never by position. A cell is a value when it has one, whatever its
// status says, unless that is the explicit null or the "no time" timestamp; else it is null when
// the server knows the entity, and absent when it does not. A feature that the answer lacks is
// unusable. INTERNAL when the answer does not have the request's rows, or has others.
absl::StatusOr<FetchedFeatures> ReadFetchResponse(
    const FetchRequest& request, const feast::serving::GetOnlineFeaturesResponse& message);

}  // namespace tournant
