#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "status/http_server.h"

namespace tournant {

// PERMISSION_DENIED where `loopback` says that only this machine is served and the Host is a name
// that could have been made to point here ("localhost" and addresses cannot): a web site could
// otherwise read this server by way of its visitor's browser (DNS rebinding).
absl::Status CheckHost(const HttpRequest& request, bool loopback);

// PERMISSION_DENIED when a browser sends this for a page of somebody else: when its Origin is
// another than the Host that it asked.
absl::Status CheckOrigin(const HttpRequest& request);

// The header `grpc-timeout`: how long the client is going to wait, as gRPC writes it, up to eight
// digits and one of H, M, S, m, u, n ("200m" is 200 milliseconds). Nothing without it;
// INVALID_ARGUMENT for another form.
absl::StatusOr<std::optional<Duration>> TimeLeft(const HttpRequest& request);

// Whether HOST:PORT or [HOST]:PORT is reached from this machine only.
bool IsLoopback(absl::string_view address);

}  // namespace tournant
