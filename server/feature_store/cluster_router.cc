#include "feature_store/cluster_router.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

RedisConnection::Options NodeOptions(const RedisRouter::Options& options) {
  RedisConnection::Options node = options.DataConnection();
  // Harmless on a master, and a replica may become one.
  node.readonly = options.address.read_from_replicas;
  return node;
}

}  // namespace

ClusterRouter::ClusterRouter(const Options& options, const Clock& clock, HostResolver& resolver,
                             Rng& rng)
    : seeds_(options.address.nodes),
      read_from_replicas_(options.address.read_from_replicas),
      nodes_(NodeOptions(options), clock, resolver, rng),
      lookup_(RespCommand({"CLUSTER", "SLOTS"}), options.lookup_pause, clock,
              [this](const RespReply& reply, const RedisConnection& from) {
                return TakeSlots(reply, from);
              }),
      candidates_(seeds_) {}

std::optional<absl::Status> ClusterRouter::Known() const {
  if (slots_.has_value()) return absl::OkStatus();
  return lookup_.failure();
}

void ClusterRouter::Turn() {
  lookup_.Turn(candidates_, nodes_);
  nodes_.Turn();
}

absl::Status ClusterRouter::TakeSlots(const RespReply& reply, const RedisConnection& from) {
  absl::StatusOr<ClusterSlots> slots = ClusterSlots::Parse(reply, from.node());
  if (!slots.ok()) return slots.status();
  slots_ = *std::move(slots);
  std::vector<RedisNode> kept;
  candidates_.clear();
  for (const ClusterSlots::Shard& shard : slots_->shards()) {
    candidates_.push_back(shard.master);
    kept.push_back(shard.master);
    if (read_from_replicas_) {
      kept.insert(kept.end(), shard.replicas.begin(), shard.replicas.end());
    }
  }
  candidates_.insert(candidates_.end(), seeds_.begin(), seeds_.end());
  nodes_.Keep(kept);
  return absl::OkStatus();
}

absl::StatusOr<RedisConnection*> ClusterRouter::Master(const ClusterSlots::Shard& shard) {
  RedisConnection& master = nodes_.Get(shard.master);
  const absl::Status accepts = master.Accepts();
  if (accepts.ok()) return &master;
  // It may have a successor by now.
  lookup_.Request();
  return accepts;
}

RedisConnection* ClusterRouter::Replica(const ClusterSlots::Shard& shard) {
  for (size_t i = 0; i < shard.replicas.size(); ++i) {
    RedisConnection& replica = nodes_.Get(shard.replicas[next_replica_++ % shard.replicas.size()]);
    if (replica.Accepts().ok()) return &replica;
  }
  return nullptr;
}

absl::StatusOr<RedisConnection*> ClusterRouter::Route(absl::string_view key) {
  const uint16_t slot = ClusterSlot(key);
  const ClusterSlots::Shard* shard = slots_->Find(slot);
  if (shard == nullptr) {
    lookup_.Request();
    return absl::UnavailableError(absl::StrCat("no node of the Redis cluster serves slot ", slot));
  }
  if (read_from_replicas_) {
    if (RedisConnection* replica = Replica(*shard)) return replica;
  }
  return Master(*shard);
}

absl::StatusOr<RedisRouter::Redirect> ClusterRouter::OnError(absl::string_view key,
                                                             absl::string_view error,
                                                             const RedisConnection& by) {
  if (const auto redirect = ParseClusterRedirect(error, by.node())) {
    if (!redirect->ask) {
      slots_->Move(redirect->slot, redirect->node);
      lookup_.Request();
    }
    RedisConnection& node = nodes_.Get(redirect->node);
    const absl::Status accepts = node.Accepts();
    if (!accepts.ok()) return accepts;
    return Redirect{&node, redirect->ask};
  }
  if (absl::StartsWith(error, "CLUSTERDOWN")) lookup_.Request();
  // A replica that cannot answer yet has a master that can.
  const bool not_now = absl::StartsWith(error, "LOADING") || absl::StartsWith(error, "MASTERDOWN");
  const ClusterSlots::Shard* shard = slots_->Find(ClusterSlot(key));
  if (not_now && shard != nullptr && !(shard->master == by.node())) {
    const absl::StatusOr<RedisConnection*> master = Master(*shard);
    if (!master.ok()) return master.status();
    return Redirect{*master};
  }
  return RedisError(error);
}

}  // namespace tournant
