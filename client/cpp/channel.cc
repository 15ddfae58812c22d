#include "cpp/channel.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "nlohmann/json.hpp"

namespace tournant::client {
namespace {

enum class AddressKind { kIpv4, kIpv6, kHost };

absl::StatusOr<AddressKind> KindOf(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Quote(address), "' is not HOST:PORT with a port from 1 to 65535"));
  }
  const absl::string_view host = address.substr(0, colon);
  if (absl::StartsWith(host, "[")) return AddressKind::kIpv6;
  if (absl::StrContains(host, ':')) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Quote(address), "': write IPv6 addresses as [ADDRESS]:PORT"));
  }
  const bool digits = host.find_first_not_of("0123456789.") == absl::string_view::npos;
  return digits ? AddressKind::kIpv4 : AddressKind::kHost;
}

bool HasScheme(absl::string_view address) {
  for (const absl::string_view scheme : {"dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:"}) {
    // A host may be called "dns" as well; then digits follow.
    if (absl::StartsWith(address, scheme) && !KindOf(address).ok()) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> TargetFor(absl::string_view addresses) {
  if (HasScheme(addresses)) return std::string(addresses);
  const std::vector<absl::string_view> list = absl::StrSplit(addresses, ',');
  absl::StatusOr<AddressKind> first = KindOf(list.front());
  for (const absl::string_view address : list) {
    const absl::StatusOr<AddressKind> kind = KindOf(address);
    if (!kind.ok()) return kind.status();
    if (list.size() > 1 && (*kind == AddressKind::kHost || *kind != *first)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", Quote(addresses),
                       "': a list takes IPv4 addresses only or IPv6 addresses only; give a single "
                       "host name that resolves to all"));
    }
  }
  if (*first == AddressKind::kHost) return absl::StrCat("dns:///", addresses);
  return absl::StrCat(*first == AddressKind::kIpv4 ? "ipv4:" : "ipv6:", absl::StrJoin(list, ","));
}

std::string ServiceConfigJson(const ChannelOptions& options) {
  using Json = nlohmann::json;
  const auto seconds = [](int milliseconds) {
    return absl::StrCat(static_cast<double>(milliseconds) / 1000, "s");
  };
  const Json round_robin = {{"round_robin", Json::object()}};
  Json config = {{"loadBalancingConfig", Json::array({round_robin})}};
  if (options.health_check) config["healthCheckConfig"] = {{"serviceName", ""}};
  if (options.max_attempts > 1) {
    Json method = {{"name", Json::array({{{"service", "inference.GRPCInferenceService"}}})}};
    method["retryPolicy"] = {{"maxAttempts", options.max_attempts},
                             {"initialBackoff", seconds(options.initial_backoff_ms)},
                             {"maxBackoff", seconds(options.max_backoff_ms)},
                             {"backoffMultiplier", 2},
                             {"retryableStatusCodes", {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}}};
    config["methodConfig"] = Json::array({method});
    config["retryThrottling"] = {{"maxTokens", options.retry_tokens},
                                 {"tokenRatio", options.retry_token_ratio}};
  }
  return config.dump();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(absl::string_view addresses,
                                                           const ChannelOptions& options) {
  const absl::StatusOr<std::string> target = TargetFor(addresses);
  if (!target.ok()) return target.status();
  grpc::ChannelArguments arguments;
  ChannelOptions checked = options;
  checked.health_check |= absl::StrContains(addresses, ',');
  arguments.SetServiceConfigJSON(ServiceConfigJson(checked));
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(options.max_message_bytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, options.keepalive_time_ms);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, options.keepalive_timeout_ms);
  // A name's TXT record must not replace the policy above.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, options.max_attempts > 1 ? 1 : 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, options.own_connection ? 1 : 0);
  return grpc::CreateCustomChannel(*target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace tournant::client
