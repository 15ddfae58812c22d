#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "feature_store/redis_lookup.h"
#include "feature_store/redis_nodes.h"
#include "feature_store/redis_router.h"

namespace tournant {

// The master that sentinels name. They are asked at start, when the master is lost, and every now
// and then, since a master that was replaced may not know it yet.
class SentinelRouter final : public RedisRouter {
 public:
  SentinelRouter(const Options& options, const Clock& clock, HostResolver& resolver, Rng& rng);

  std::optional<absl::Status> Known() const override;
  absl::StatusOr<RedisConnection*> Route(absl::string_view key) override;
  absl::StatusOr<Redirect> OnError(absl::string_view key, absl::string_view error,
                                   const RedisConnection& by) override;
  void OnLost() override { lookup_.Request(); }
  void Turn() override;
  TimePoint due() const override;
  void Collect(std::vector<RedisConnection*>* connections) const override;

 private:
  absl::Status TakeMaster(const RespReply& reply, const RedisConnection& from);

  const std::vector<RedisNode> addresses_;
  const std::chrono::milliseconds interval_;
  const std::string name_;
  const Clock& clock_;
  RedisNodes sentinels_;
  RedisNodes masters_;  // the one of now, and the one before while it owes replies
  RedisLookup lookup_;
  std::optional<RedisNode> master_;
};

}  // namespace tournant
