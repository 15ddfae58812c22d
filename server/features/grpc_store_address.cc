#include "features/grpc_store_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "features/choose_backend.h"

namespace tournant {
namespace {

absl::Status Bad(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("'", Quote(text), "': ", what));
}

bool IsIpv4(absl::string_view address) {
  in_addr parsed;
  const std::string host(address.substr(0, address.rfind(':')));
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

bool IsHostAndPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  const absl::string_view host = address.substr(0, std::min(colon, address.size()));
  if (absl::StrContains(host, '/')) return false;
  if (absl::StrContains(host, ':') && (host.front() != '[' || host.back() != ']')) return false;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 1 && port <= 65535;
}

bool IsMethod(absl::string_view method) {
  const size_t slash = method.rfind('/');
  return !method.empty() && method[0] == '/' && slash > 1 && slash + 1 < method.size();
}

// What is wrong with an option; empty: nothing.
std::string ReadOption(absl::string_view option, GrpcStoreAddress& address) {
  const std::pair<absl::string_view, absl::string_view> split =
      absl::StrSplit(option, absl::MaxSplits('=', 1));
  const auto [name, value] = split;
  if (name == "method") {
    if (!IsMethod(value)) return "method must be /package.Service/Method";
    address.method = std::string(value);
  } else if (name == "channels") {
    if (!absl::SimpleAtoi(value, &address.channels) || address.channels < 1 ||
        address.channels > 64) {
      return "channels must be between 1 and 64";
    }
  } else if (name == "max_in_flight") {
    if (!absl::SimpleAtoi(value, &address.max_in_flight) || address.max_in_flight < 1) {
      return "max_in_flight must be a number from 1 on";
    }
  } else if (name == "project") {
    address.project = std::string(value);
  } else if (name == "health_check") {
    if (value != "true" && value != "false") return "health_check must be true or false";
    address.health_check = value == "true";
  } else {
    return absl::StrCat("unknown option '", Quote(name),
                        "', expected method, channels, max_in_flight, health_check or project");
  }
  return "";
}

std::string CheckAddresses(const std::vector<std::string>& addresses) {
  if (addresses.size() > kMaxBackends) {
    return absl::StrCat("at most ", kMaxBackends, " addresses are possible");
  }
  for (auto address = addresses.begin(); address != addresses.end(); ++address) {
    if (!IsHostAndPort(*address)) return absl::StrCat("'", Quote(*address), "' is not HOST:PORT");
    if (std::find(addresses.begin(), address, *address) != address) {
      return absl::StrCat("'", Quote(*address), "' is listed twice");
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<GrpcStoreAddress> ParseGrpcStoreAddress(absl::string_view text) {
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "grpc:")) return Bad(text, "expected grpc:HOST:PORT");
  GrpcStoreAddress parsed;
  const size_t question = rest.find('?');
  if (question != absl::string_view::npos) {
    for (const absl::string_view option : absl::StrSplit(rest.substr(question + 1), '&')) {
      const std::string wrong = ReadOption(option, parsed);
      if (!wrong.empty()) return Bad(text, wrong);
    }
  }
  rest = rest.substr(0, question);
  if (absl::ConsumePrefix(&rest, "dns://")) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    parsed.dns_server = std::string(rest.substr(0, slash));
    if (!parsed.dns_server.empty() && !IsHostAndPort(parsed.dns_server)) {
      return Bad(text, absl::StrCat("'", Quote(parsed.dns_server), "' is not HOST:PORT"));
    }
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    parsed.addresses = {std::string(rest)};
  } else {
    parsed.addresses = absl::StrSplit(rest, ',');
  }
  const std::string wrong = CheckAddresses(parsed.addresses);
  if (!wrong.empty()) return Bad(text, wrong);
  return parsed;
}

std::string GrpcTarget(absl::string_view address, absl::string_view dns_server) {
  if (IsIpv4(address)) return absl::StrCat("ipv4:", address);
  return absl::StrCat("dns://", dns_server, "/", address);
}

}  // namespace tournant
