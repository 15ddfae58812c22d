#pragma once

#include <grpcpp/server_builder.h>

#include <chrono>

namespace tournant {

// How our servers treat their listening port and the connections to it.
// `max_age`: connections are closed after this time, with as much again for their calls to end, so
// that clients resolve again after a rollout; zero: never.
inline void SetConnectionPolicy(std::chrono::milliseconds max_age, grpc::ServerBuilder& builder) {
  // A taken port is an error, not a second server that gets half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Clients that keep idle connections alive every ten seconds are welcome.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Peers that are gone without a word are noticed after this, also in the middle of an answer.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  // gRPC adds 10 % of jitter. It costs some 4,000 instructions a call: gRPC then puts a filter
  // around each.
  if (max_age.count() > 0) {
    const int age = static_cast<int>(max_age.count());
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, age);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, age);
  }
}

}  // namespace tournant
