#pragma once

#include "feature_store/redis_nodes.h"
#include "feature_store/redis_router.h"

namespace tournant {

// One server for all keys.
class SingleRouter final : public RedisRouter {
 public:
  SingleRouter(const Options& options, const Clock& clock, HostResolver& resolver, Rng& rng);

  std::optional<absl::Status> Known() const override { return absl::OkStatus(); }
  absl::StatusOr<RedisConnection*> Route(absl::string_view key) override;
  absl::StatusOr<Redirect> OnError(absl::string_view key, absl::string_view error,
                                   const RedisConnection& by) override;
  void Turn() override { nodes_.Turn(); }
  void Collect(std::vector<RedisConnection*>* connections) const override {
    nodes_.Collect(connections);
  }

 private:
  RedisNodes nodes_;
  RedisConnection& server_;
};

}  // namespace tournant
