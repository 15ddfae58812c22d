#include "status/http_address.h"

#include <civetweb.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {

bool CivetwebHasIpv6() { return mg_check_feature(MG_FEATURES_IPV6) != 0; }

// What civetweb takes in `listening_ports` is richer than one address: lists, suffixes for TLS and
// redirects. So only what is plainly HOST:PORT gets there.
absl::Status CheckHttpAddress(absl::string_view address, bool has_ipv6) {
  const size_t colon = address.rfind(':');
  int port = -1;
  const bool good = colon != absl::string_view::npos && colon > 0 && address.size() - colon <= 6 &&
                    address.find_first_not_of("0123456789", colon + 1) == absl::string_view::npos &&
                    absl::SimpleAtoi(address.substr(colon + 1), &port) && port <= 65535 &&
                    address.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789.-:[]_") == absl::string_view::npos;
  const absl::string_view host = good ? address.substr(0, colon) : "";
  const bool bracketed = !host.empty() && host.front() == '[' && host.back() == ']';
  if (!good || (!bracketed && host.find_first_of(":[]") != absl::string_view::npos)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Quote(address), "' is not HOST:PORT with a port up to 65535"));
  }
  if (bracketed && !has_ipv6) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", Quote(address), "' is IPv6, and the civetweb of this build serves HTTP on IPv4 only: ",
        "take ", host == "[::1]" ? "127.0.0.1" : "0.0.0.0", address.substr(colon),
        "; gRPC, with the health service for probes, listens on IPv6 too"));
  }
  return absl::OkStatus();
}

}  // namespace tournant
