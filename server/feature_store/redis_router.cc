#include "feature_store/redis_router.h"

#include "feature_store/cluster_router.h"
#include "feature_store/sentinel_router.h"
#include "feature_store/single_router.h"

namespace tournant {

RedisConnection::Options RedisRouter::Options::DataConnection() const {
  RedisConnection::Options data = connection;
  data.user = address.user;
  data.password = address.password;
  data.db = address.db;
  return data;
}

std::unique_ptr<RedisRouter> MakeRedisRouter(const RedisRouter::Options& options,
                                             const Clock& clock, HostResolver& resolver, Rng& rng) {
  switch (options.address.mode) {
    case RedisMode::kCluster:
      return std::make_unique<ClusterRouter>(options, clock, resolver, rng);
    case RedisMode::kSentinel:
      return std::make_unique<SentinelRouter>(options, clock, resolver, rng);
    case RedisMode::kSingle:
      break;
  }
  return std::make_unique<SingleRouter>(options, clock, resolver, rng);
}

}  // namespace tournant
