#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// A feature store that is reached by gRPC, as --feature_store=grpc:... says it.
struct GrpcStoreAddress {
  // HOST:PORT each. One: whatever its name resolves to is used in turn, as one backend. Several:
  // each is a backend of its own, between which the feature client chooses.
  std::vector<std::string> addresses;
  std::string dns_server;  // HOST:PORT of who resolves a single name; empty: the machine's.
  std::string method = "/feast.serving.ServingService/GetOnlineFeatures";
  int channels = 1;              // Connections to each address, for when one is not enough.
  int64_t max_in_flight = 4096;  // Calls at once to each backend, at most.
  std::string project;           // Of --feature_registry, where that holds several.
  bool health_check = true;      // Watch grpc.health.v1; a store without it is taken as healthy.
};

// Reads grpc:HOST:PORT[,HOST:PORT...][?method=/package.Service/Method&channels=N&max_in_flight=N&
// health_check=false&project=NAME]; a single address may also be dns:///HOST:PORT, or
// dns://SERVER:PORT/HOST:PORT to be resolved by that server. INVALID_ARGUMENT names what is wrong
// with it.
absl::StatusOr<GrpcStoreAddress> ParseGrpcStoreAddress(absl::string_view text);

// The gRPC target of one of its addresses. A name is resolved again when a connection is lost.
std::string GrpcTarget(absl::string_view address, absl::string_view dns_server = "");

}  // namespace tournant
