#include "status/http_address.h"

#include <gtest/gtest.h>

#include <string>

namespace tournant {
namespace {

TEST(CheckHttpAddress, AcceptsHostAndPort) {
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:8002", "localhost:65535", "a-b.c:1"}) {
    EXPECT_TRUE(CheckHttpAddress(address).ok()) << CheckHttpAddress(address);
  }
}

TEST(CheckHttpAddress, NamesWhatIsNone) {
  for (const std::string address : {"", "8002", ":8002", "127.0.0.1:99999", "::1:80", "a:80s"}) {
    const absl::Status status = CheckHttpAddress(address);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_EQ(status.message(), "'" + address + "' is not HOST:PORT with a port up to 65535");
  }
}

TEST(CheckHttpAddress, RefusesIpv6WhereCivetwebHasNoneAndSaysWhatToTake) {
  const absl::Status own = CheckHttpAddress("[::1]:8002", /*has_ipv6=*/false);
  EXPECT_EQ(own.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(own.message(),
            "'[::1]:8002' is IPv6, and the civetweb of this build serves HTTP on IPv4 only: take "
            "127.0.0.1:8002; gRPC, with the health service for probes, listens on IPv6 too");
  const absl::Status all = CheckHttpAddress("[::]:80", /*has_ipv6=*/false);
  EXPECT_NE(all.message().find("take 0.0.0.0:80;"), absl::string_view::npos) << all;
}

TEST(CheckHttpAddress, AcceptsIpv6WhereCivetwebHasIt) {
  for (const char* address : {"[::1]:8002", "[::]:80", "127.0.0.1:0"}) {
    EXPECT_TRUE(CheckHttpAddress(address, /*has_ipv6=*/true).ok()) << address;
  }
  EXPECT_FALSE(CheckHttpAddress("::1:80", /*has_ipv6=*/true).ok());
}

}  // namespace
}  // namespace tournant
