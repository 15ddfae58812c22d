#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "feature_store/host_resolver.h"
#include "feature_store/redis_address.h"
#include "feature_store/redis_connection.h"

namespace tournant {

// Connections to nodes of one kind, one each, made when a node is first asked for. Owned by a
// router, used by the store's I/O thread only.
class RedisNodes {
 public:
  RedisNodes(const RedisConnection::Options& options, const Clock& clock, HostResolver& resolver,
             Rng& rng)
      : options_(options), clock_(clock), resolver_(resolver), rng_(rng) {}

  // Valid until the turn after a Keep() that leaves the node out.
  RedisConnection& Get(const RedisNode& node);

  // Connections to other nodes end once nothing is owed by them.
  void Keep(const std::vector<RedisNode>& nodes);

  void Turn();
  void Collect(std::vector<RedisConnection*>* connections) const;

 private:
  struct Entry {
    std::unique_ptr<RedisConnection> connection;
    bool kept = true;
  };

  const RedisConnection::Options options_;
  const Clock& clock_;
  HostResolver& resolver_;
  Rng& rng_;
  std::map<RedisNode, Entry> entries_;
};

}  // namespace tournant
