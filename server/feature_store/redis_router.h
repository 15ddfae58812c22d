#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/rng.h"
#include "feature_store/host_resolver.h"
#include "feature_store/redis_address.h"
#include "feature_store/redis_connection.h"

namespace tournant {

// Which node to ask for a key: one server, a cluster, or the master that sentinels name. Owns the
// connections. Owned by the store, used by its I/O thread only.
class RedisRouter {
 public:
  struct Options {
    RedisAddress address;
    RedisConnection::Options connection;  // without what `address` says
    // Who knows the nodes is not asked more often than this, whatever goes wrong.
    std::chrono::milliseconds lookup_pause{100};
    // Sentinels are asked for the master this often although nothing is wrong.
    std::chrono::milliseconds sentinel_interval{5000};

    // `connection` with the login and the database of `address`: to those who hold the data.
    RedisConnection::Options DataConnection() const;
  };
  // Where a command that a node has refused goes next.
  struct Redirect {
    RedisConnection* connection;
    bool asking = false;  // say ASKING first
  };

  virtual ~RedisRouter() = default;

  // OK: Route() knows. Empty: it does not yet; commands wait. An error: they fail with it.
  virtual std::optional<absl::Status> Known() const = 0;

  // A connection that accepts commands, or why there is none. After Known() said OK.
  virtual absl::StatusOr<RedisConnection*> Route(absl::string_view key) = 0;

  // What becomes of a command that `by` answered with an error.
  virtual absl::StatusOr<Redirect> OnError(absl::string_view key, absl::string_view error,
                                           const RedisConnection& by) = 0;

  // A connection was lost with commands in flight.
  virtual void OnLost() {}

  virtual void Turn() = 0;
  // When Turn() has work beside that of the connections.
  virtual TimePoint due() const { return TimePoint::max(); }
  virtual void Collect(std::vector<RedisConnection*>* connections) const = 0;
};

// The router that `options.address` asks for. All references outlive it.
std::unique_ptr<RedisRouter> MakeRedisRouter(const RedisRouter::Options& options,
                                             const Clock& clock, HostResolver& resolver, Rng& rng);

}  // namespace tournant
