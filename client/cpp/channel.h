#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"

namespace tournant::client {

struct ChannelOptions {
  // Attempts of one call, the first included, when the server is UNAVAILABLE, or
  // RESOURCE_EXHAUSTED: then the server's pushback says when, or that it must not come again. 1
  // turns retries off.
  int max_attempts = 3;
  int initial_backoff_ms = 20;
  int max_backoff_ms = 1000;
  // Retries stop while more than half of these tokens are gone; a failure costs 1, an answer earns
  // `retry_token_ratio`. So an outage is not multiplied by the number of attempts.
  int retry_tokens = 100;
  double retry_token_ratio = 0.1;

  // Pass over servers that say by grpc.health.v1 that they are not ready, which drained ones do
  // before they go: no call is then caught by their end. OpenChannel does so for several addresses;
  // of a single one the server's own error says more.
  bool health_check = false;

  // Not shared with other channels of this process to the same server.
  bool own_connection = false;
  int max_message_bytes = 64 << 20;  // The server's default limit.
  // Below the five minutes that gRPC servers allow without calls, since pings stop then.
  int keepalive_time_ms = 30'000;
  int keepalive_timeout_ms = 5'000;
};

// Turns an address, or a comma separated list of them, into a target that gRPC resolves:
//   host:port               every address that DNS knows
//   1.2.3.4:8001,...        ipv4:...       [::1]:8001,...   ipv6:...
//   scheme:...              unix:, dns:, ipv4:, ipv6: as they are
// INVALID_ARGUMENT for a list of host names, a mixed list or an address without a port.
absl::StatusOr<std::string> TargetFor(absl::string_view addresses);

// Round robin over the addresses, with the retry policy above. It sets no `timeout`: gRPC 1.51
// takes it wrong; deadlines are set on every call.
std::string ServiceConfigJson(const ChannelOptions& options);

// Thread-safe; make one and share it. Connecting starts with the first call.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(absl::string_view addresses,
                                                           const ChannelOptions& options = {});

}  // namespace tournant::client
