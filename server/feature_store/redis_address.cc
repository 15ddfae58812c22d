#include "feature_store/redis_address.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/flags.h"
#include "base/status.h"

namespace tournant {
namespace {

constexpr absl::string_view kScheme = "redis://";
constexpr absl::string_view kNoTls =
    "TLS is not supported: the Redis library of this build has none. Use redis:// on a trusted "
    "network or through a local TLS proxy such as stunnel";
constexpr int kDefaultPort = 6379;
constexpr int kDefaultSentinelPort = 26379;
constexpr int kMaxDb = 1 << 20;

absl::StatusOr<std::string> PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
        !absl::ascii_isxdigit(text[i + 2])) {
      return absl::InvalidArgumentError(
          "user, password or master: a '%' is followed by no two hex digits; write '%' itself as "
          "%25");
    }
    decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
    i += 2;
  }
  return decoded;
}

absl::StatusOr<RedisNode> ParseNode(absl::string_view text, int default_port) {
  RedisNode node;
  node.port = default_port;
  absl::string_view host = text;
  const size_t colon = text.rfind(':');
  const bool bracketed = absl::StartsWith(text, "[");
  if (colon != absl::string_view::npos && (!bracketed || text[colon - 1] == ']')) {
    host = text.substr(0, colon);
    if (!ParsePort(text.substr(colon + 1), &node.port)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", Quote(text), "' is not HOST:PORT with a port from 1 to 65535"));
    }
  }
  if (bracketed) {
    if (!absl::ConsumePrefix(&host, "[") || !absl::ConsumeSuffix(&host, "]")) host = "";
  } else if (absl::StrContains(host, ':')) {
    host = "";  // IPv6 without brackets
  }
  if (host.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("'", Quote(text), "' is not HOST:PORT"));
  }
  node.host = std::string(host);
  return node;
}

absl::Status ParseCredentials(absl::string_view text, RedisAddress& address) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  absl::StatusOr<std::string> user = PercentDecoded(parts.first);
  if (!user.ok()) return user.status();
  absl::StatusOr<std::string> password = PercentDecoded(parts.second);
  if (!password.ok()) return password.status();
  if (password->empty()) {
    return absl::InvalidArgumentError("a user needs a password: user:password@ or :password@");
  }
  address.user = *std::move(user);
  address.password = *std::move(password);
  return absl::OkStatus();
}

absl::StatusOr<bool> ParseBool(absl::string_view name, absl::string_view value) {
  bool result = false;
  if (absl::SimpleAtob(value, &result)) return result;
  return absl::InvalidArgumentError(
      absl::StrCat("parameter ", name, ": '", Quote(value), "' is neither true nor false"));
}

absl::Status ParseParameter(absl::string_view text, RedisAddress& address) {
  const std::pair<absl::string_view, absl::string_view> pair =
      absl::StrSplit(text, absl::MaxSplits('=', 1));
  const auto& [name, value] = pair;
  if (name == "mode") {
    if (value == "cluster") {
      address.mode = RedisMode::kCluster;
    } else if (value == "sentinel") {
      address.mode = RedisMode::kSentinel;
    } else if (value != "single") {
      return absl::InvalidArgumentError(absl::StrCat("parameter mode: '", Quote(value),
                                                     "' is none of single, cluster and sentinel"));
    }
    return absl::OkStatus();
  }
  if (name == "master") {
    absl::StatusOr<std::string> master = PercentDecoded(value);
    if (!master.ok()) return master.status();
    address.master = *std::move(master);
    return absl::OkStatus();
  }
  if (name == "replicas" || name == "ssl") {
    const absl::StatusOr<bool> on = ParseBool(name, value);
    if (!on.ok()) return on.status();
    if (name == "ssl" && *on) return absl::InvalidArgumentError(kNoTls);
    if (name == "replicas") address.read_from_replicas = *on;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("Redis parameter '", Quote(name),
                                                 "' is unknown; there are mode, master and "
                                                 "replicas"));
}

absl::Status CheckTogether(const RedisAddress& address) {
  if (address.mode == RedisMode::kSingle && address.nodes.size() > 1) {
    return absl::InvalidArgumentError(
        "several hosts need mode=cluster (nodes of one cluster) or mode=sentinel (sentinels)");
  }
  if (address.mode == RedisMode::kCluster && address.db != 0) {
    return absl::InvalidArgumentError("a Redis cluster has no database but 0");
  }
  if (address.mode != RedisMode::kCluster && address.read_from_replicas) {
    return absl::InvalidArgumentError("replicas=true goes with mode=cluster only");
  }
  if (address.mode == RedisMode::kSentinel && address.master.empty()) {
    return absl::InvalidArgumentError("mode=sentinel needs master=NAME");
  }
  if (address.mode != RedisMode::kSentinel && !address.master.empty()) {
    return absl::InvalidArgumentError("master=NAME goes with mode=sentinel only");
  }
  return absl::OkStatus();
}

absl::StatusOr<RedisAddress> Parse(absl::string_view rest) {
  RedisAddress address;
  const std::pair<absl::string_view, absl::string_view> query =
      absl::StrSplit(rest, absl::MaxSplits('?', 1));
  // Before any part is shown: it may be the rest of a password.
  if (absl::StrContains(query.second, '@')) {
    return absl::InvalidArgumentError("a '?' in a user or password has to be written %3F");
  }
  for (const absl::string_view parameter : absl::StrSplit(query.second, '&', absl::SkipEmpty())) {
    const absl::Status parsed = ParseParameter(parameter, address);
    if (!parsed.ok()) return parsed;
  }
  absl::string_view hosts = query.first;
  // A '/' in the password has to be written %2F, so the last '@' comes before the path.
  const size_t at = hosts.rfind('@');
  if (at != absl::string_view::npos) {
    if (absl::StrContains(hosts.substr(0, at), '/')) {
      return absl::InvalidArgumentError("a '/' in a user or password has to be written %2F");
    }
    const absl::Status parsed = ParseCredentials(hosts.substr(0, at), address);
    if (!parsed.ok()) return parsed;
    hosts.remove_prefix(at + 1);
  }
  const std::pair<absl::string_view, absl::string_view> path =
      absl::StrSplit(hosts, absl::MaxSplits('/', 1));
  if (!path.second.empty() &&
      (!absl::SimpleAtoi(path.second, &address.db) || address.db < 0 || address.db > kMaxDb)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Quote(path.second), "' is no number of a Redis database"));
  }
  const int port = address.mode == RedisMode::kSentinel ? kDefaultSentinelPort : kDefaultPort;
  for (const absl::string_view host : absl::StrSplit(path.first, ',')) {
    absl::StatusOr<RedisNode> node = ParseNode(host, port);
    if (!node.ok()) return node.status();
    address.nodes.push_back(*std::move(node));
  }
  const absl::Status together = CheckTogether(address);
  if (!together.ok()) return together;
  return address;
}

}  // namespace

std::string RedisNode::Text() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

bool ParsePort(absl::string_view text, int* port) {
  return absl::SimpleAtoi(text, port) && *port >= 1 && *port <= 65535;
}

std::string PercentEncoded(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      encoded.push_back(c);
    } else {
      absl::StrAppend(&encoded, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  return encoded;
}

absl::StatusOr<RedisAddress> ParseRedisAddress(absl::string_view url) {
  absl::string_view rest = url;
  const auto parse = [&]() -> absl::StatusOr<RedisAddress> {
    if (absl::StartsWith(url, "rediss:")) return absl::InvalidArgumentError(kNoTls);
    if (!absl::ConsumePrefix(&rest, kScheme)) {
      return absl::InvalidArgumentError("an address of Redis begins with redis://");
    }
    return Parse(rest);
  };
  absl::StatusOr<RedisAddress> address = parse();
  if (address.ok()) return address;
  return Annotate(address.status(), absl::StrCat("'", Quote(MaskSecrets(url)), "'"));
}

}  // namespace tournant
