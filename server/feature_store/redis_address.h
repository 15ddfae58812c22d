#pragma once

#include <compare>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// One Redis process as it is called.
struct RedisNode {
  std::string host;
  int port = 6379;

  std::string Text() const;  // "host:port", "[::1]:port"
  auto operator<=>(const RedisNode&) const = default;
};

// False when `text` is no port from 1 to 65535.
bool ParsePort(absl::string_view text, int* port);

enum class RedisMode { kSingle, kCluster, kSentinel };

// Where a Redis store is and how one logs in to it, from the text of a flag.
struct RedisAddress {
  RedisMode mode = RedisMode::kSingle;
  std::vector<RedisNode> nodes;  // the server; some nodes of the cluster; the sentinels
  std::string user;              // empty: the default user
  std::string password;          // empty: no AUTH
  int db = 0;
  std::string master;               // mode kSentinel: the name that the sentinels watch it under
  bool read_from_replicas = false;  // mode kCluster
};

// `text` as a user, a password or a master has to be written in the URL.
std::string PercentEncoded(absl::string_view text);

// redis://[user:password@]host[:port][,host[:port]...][/db][?mode=cluster|sentinel&master=NAME
// &replicas=true]. User, password and master may be percent-encoded. INVALID_ARGUMENT says what is
// wrong and never shows the password.
absl::StatusOr<RedisAddress> ParseRedisAddress(absl::string_view url);

}  // namespace tournant
