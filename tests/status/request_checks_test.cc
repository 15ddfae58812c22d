#include "status/request_checks.h"

#include <gtest/gtest.h>

namespace tournant {
namespace {

HttpRequest With(const std::string& name, const std::string& value) {
  HttpRequest request;
  request.headers = {{name, value}};
  return request;
}

TEST(RequestChecks, ReadsGrpcsTimeouts) {
  const auto read = [](const std::string& text) { return **TimeLeft(With("GRPC-Timeout", text)); };
  EXPECT_EQ(read("200m"), std::chrono::milliseconds(200));
  EXPECT_EQ(read("5S"), std::chrono::seconds(5));
  EXPECT_EQ(read("1M"), std::chrono::minutes(1));
  EXPECT_EQ(read("99999999H"), std::chrono::hours(24)) << "as much as any call can have";
  EXPECT_EQ(read("99999999M"), std::chrono::hours(24));
  EXPECT_EQ(read("0u"), Duration::zero());
  EXPECT_EQ(read("7n"), std::chrono::nanoseconds(7));
  EXPECT_EQ(*TimeLeft(HttpRequest()), std::nullopt);
  for (const char* text : {"", "5", "S", "-1S", "5s", "5 S", "123456789S", "1.5S"}) {
    EXPECT_EQ(TimeLeft(With("grpc-timeout", text)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(RequestChecks, RefusesPagesOfOthers) {
  HttpRequest request;
  request.headers = {{"Host", "localhost:8002"}, {"Origin", "http://localhost:8002"}};
  EXPECT_TRUE(CheckOrigin(request).ok());
  EXPECT_TRUE(CheckOrigin(HttpRequest()).ok());
  for (const char* origin : {"http://localhost:9000", "https://evil.example", "null"}) {
    request.headers[1].second = origin;
    EXPECT_EQ(CheckOrigin(request).code(), absl::StatusCode::kPermissionDenied) << origin;
  }
}

TEST(RequestChecks, TakesNamesOfHostsOnlyWhereOthersAreServed) {
  for (const char* host :
       {"localhost", "localhost:80", "127.0.0.1:80", "[::1]:80", "LocalHost:1"}) {
    EXPECT_TRUE(CheckHost(With("Host", host), true).ok()) << host;
  }
  EXPECT_TRUE(CheckHost(HttpRequest(), true).ok());
  EXPECT_FALSE(CheckHost(With("Host", "rebound.example:80"), true).ok());
  EXPECT_TRUE(CheckHost(With("Host", "models.example:80"), false).ok());
}

TEST(RequestChecks, KnowsAddressesOfThisMachineAlone) {
  for (const char* address : {"127.0.0.1:8002", "127.8.8.8:1", "localhost:0", "[::1]:8002"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address :
       {"0.0.0.0:8002", "[::]:8002", "10.1.2.3:1", "127.evil.example:1", ""}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace tournant
