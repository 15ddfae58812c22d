#include "features/grpc_store_backends.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "features/grpc_feature_client.h"

namespace tournant {
namespace {

using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

// With the health check gRPC itself watches each connection, and takes one whose server says that
// it does not serve as broken. Only round_robin does that, so that it is used for one address, too.
constexpr char kServiceConfig[] = R"({"loadBalancingConfig": [{"round_robin": {}}]})";
constexpr char kServiceConfigWithHealth[] = R"({"loadBalancingConfig": [{"round_robin": {}}],
  "healthCheckConfig": {"serviceName": ""}})";

grpc::ChannelArguments Arguments(const GrpcStoreAddress& address, int max_message_bytes) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(address.health_check ? kServiceConfigWithHealth : kServiceConfig);
  // Ours alone counts, not one that a DNS record may hold.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetMaxReceiveMessageSize(max_message_bytes);
  arguments.SetMaxSendMessageSize(max_message_bytes);
  // A store that comes back is used within a second, not after gRPC's two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A name that has moved is followed as soon, not after half a minute.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  // Finds out that a peer has gone without a word, while calls wait for it.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  // Else equal channels would share one connection.
  if (address.channels > 1) arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

bool AnyReachable(const Channels& channels) {
  return std::any_of(channels.begin(), channels.end(), [](const auto& channel) {
    const grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/true);
    return state != GRPC_CHANNEL_TRANSIENT_FAILURE && state != GRPC_CHANNEL_SHUTDOWN;
  });
}

}  // namespace

std::vector<FeatureBackendParts> DialFeatureStore(const GrpcStoreAddress& address,
                                                  int max_message_bytes) {
  const grpc::ChannelArguments arguments = Arguments(address, max_message_bytes);
  std::vector<FeatureBackendParts> backends;
  for (const std::string& host_and_port : address.addresses) {
    Channels channels;
    for (int i = 0; i < address.channels; ++i) {
      channels.push_back(grpc::CreateCustomChannel(GrpcTarget(host_and_port, address.dns_server),
                                                   grpc::InsecureChannelCredentials(), arguments));
    }
    // Connects right away, so that no call has to wait for it.
    (void)AnyReachable(channels);
    FeatureBackendParts& backend = backends.emplace_back();
    backend.name = host_and_port;
    const auto attempts = std::make_shared<AttemptMetrics>(
        address.method, GrpcTarget(host_and_port, address.dns_server));
    backend.stub = std::make_unique<GrpcFeatureClient>(channels, address.method, attempts);
    backend.attempts = attempts;
    backend.reachable = [channels = std::move(channels)] { return AnyReachable(channels); };
  }
  return backends;
}

}  // namespace tournant
