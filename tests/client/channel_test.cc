#include "cpp/channel.h"

#include <string>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tournant::client {
namespace {

std::string Target(absl::string_view addresses) {
  const auto target = TargetFor(addresses);
  return target.ok() ? *target : "error: " + std::string(target.status().message());
}

TEST(TargetFor, ResolvesHostNamesByDns) {
  EXPECT_EQ(Target("localhost:8001"), "dns:///localhost:8001");
  EXPECT_EQ(Target("models.example:80"), "dns:///models.example:80");
}

TEST(TargetFor, MakesListsOfAddressesOneTarget) {
  EXPECT_EQ(Target("127.0.0.1:8001"), "ipv4:127.0.0.1:8001");
  EXPECT_EQ(Target("10.0.0.1:80,10.0.0.2:81"), "ipv4:10.0.0.1:80,10.0.0.2:81");
  EXPECT_EQ(Target("[::1]:80,[fe80::2]:80"), "ipv6:[::1]:80,[fe80::2]:80");
}

TEST(TargetFor, LeavesTargetsWithASchemeAlone) {
  EXPECT_EQ(Target("unix:/tmp/socket"), "unix:/tmp/socket");
  EXPECT_EQ(Target("dns:///models:80"), "dns:///models:80");
  EXPECT_EQ(Target("ipv4:1.2.3.4:80"), "ipv4:1.2.3.4:80");
}

TEST(TargetFor, NamesAnAddressThatIsWrong) {
  EXPECT_EQ(Target("localhost"), "error: 'localhost' is not HOST:PORT with a port from 1 to 65535");
  EXPECT_EQ(Target("a:0"), "error: 'a:0' is not HOST:PORT with a port from 1 to 65535");
  EXPECT_EQ(Target("a:70000"), "error: 'a:70000' is not HOST:PORT with a port from 1 to 65535");
  EXPECT_EQ(Target(""), "error: '' is not HOST:PORT with a port from 1 to 65535");
  EXPECT_EQ(Target("::1:80"), "error: '::1:80': write IPv6 addresses as [ADDRESS]:PORT");
}

TEST(TargetFor, RefusesListsThatGrpcCannotResolve) {
  EXPECT_EQ(Target("a:1,b:2").substr(0, 14), "error: 'a:1,b:");
  EXPECT_EQ(Target("1.2.3.4:1,[::1]:2").substr(0, 7), "error: ");
  EXPECT_EQ(Target("1.2.3.4:1,").substr(0, 7), "error: ");
}

TEST(ServiceConfig, RetriesWithThrottlingAndSetsNoTimeout) {
  const auto config = nlohmann::json::parse(ServiceConfigJson({}));
  EXPECT_TRUE(config["loadBalancingConfig"][0].contains("round_robin"));
  const auto& method = config["methodConfig"][0];
  EXPECT_FALSE(method.contains("timeout"));
  EXPECT_EQ(method["name"][0]["service"], "inference.GRPCInferenceService");
  EXPECT_EQ(method["retryPolicy"]["maxAttempts"], 3);
  EXPECT_EQ(method["retryPolicy"]["initialBackoff"], "0.02s");
  EXPECT_EQ(method["retryPolicy"]["maxBackoff"], "1s");
  EXPECT_EQ(method["retryPolicy"]["retryableStatusCodes"],
            nlohmann::json({"UNAVAILABLE", "RESOURCE_EXHAUSTED"}));
  EXPECT_EQ(config["retryThrottling"]["maxTokens"], 100);
  EXPECT_EQ(config["retryThrottling"]["tokenRatio"], 0.1);
}

TEST(ServiceConfig, HasNoRetryPolicyForASingleAttempt) {
  const auto config = nlohmann::json::parse(ServiceConfigJson({.max_attempts = 1}));
  EXPECT_FALSE(config.contains("healthCheckConfig"));
  EXPECT_FALSE(config.contains("methodConfig"));
  EXPECT_FALSE(config.contains("retryThrottling"));
}

TEST(ServiceConfig, ServersThatAreNotReadyArePassedOverWhereThatIsWanted) {
  const auto config = nlohmann::json::parse(ServiceConfigJson({.health_check = true}));
  EXPECT_EQ(config["healthCheckConfig"]["serviceName"], "");
}

}  // namespace
}  // namespace tournant::client
