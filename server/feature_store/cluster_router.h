#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "feature_store/cluster_slots.h"
#include "feature_store/redis_lookup.h"
#include "feature_store/redis_nodes.h"
#include "feature_store/redis_router.h"

namespace tournant {

// The nodes of a Redis cluster, each asked for the slots it serves. Learns who that is from CLUSTER
// SLOTS at start and again whenever a node is lost or sends a command on.
class ClusterRouter final : public RedisRouter {
 public:
  ClusterRouter(const Options& options, const Clock& clock, HostResolver& resolver, Rng& rng);

  std::optional<absl::Status> Known() const override;
  absl::StatusOr<RedisConnection*> Route(absl::string_view key) override;
  absl::StatusOr<Redirect> OnError(absl::string_view key, absl::string_view error,
                                   const RedisConnection& by) override;
  void OnLost() override { lookup_.Request(); }
  void Turn() override;
  TimePoint due() const override { return lookup_.due(); }
  void Collect(std::vector<RedisConnection*>* connections) const override {
    nodes_.Collect(connections);
  }

 private:
  absl::Status TakeSlots(const RespReply& reply, const RedisConnection& from);
  absl::StatusOr<RedisConnection*> Master(const ClusterSlots::Shard& shard);
  // Null when no replica of the shard accepts commands.
  RedisConnection* Replica(const ClusterSlots::Shard& shard);

  const std::vector<RedisNode> seeds_;
  const bool read_from_replicas_;
  RedisNodes nodes_;
  RedisLookup lookup_;
  std::optional<ClusterSlots> slots_;
  std::vector<RedisNode> candidates_;  // for the lookup: the masters known, then the seeds
  size_t next_replica_ = 0;            // reads take turns
};

}  // namespace tournant
