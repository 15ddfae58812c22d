#pragma once

#include <vector>

#include "features/feature_backend.h"
#include "features/grpc_store_address.h"

namespace tournant {

// The backends of a store that is reached by gRPC: a stub over one channel or several for each
// address. Nothing has to be there: channels connect when they can, and try again within a second.
std::vector<FeatureBackendParts> DialFeatureStore(const GrpcStoreAddress& address,
                                                  int max_message_bytes);

}  // namespace tournant
