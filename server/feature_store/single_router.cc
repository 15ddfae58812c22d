#include "feature_store/single_router.h"

#include "absl/strings/match.h"

namespace tournant {

SingleRouter::SingleRouter(const Options& options, const Clock& clock, HostResolver& resolver,
                           Rng& rng)
    : nodes_(options.DataConnection(), clock, resolver, rng),
      server_(nodes_.Get(options.address.nodes.front())) {}

absl::StatusOr<RedisConnection*> SingleRouter::Route(absl::string_view) {
  const absl::Status accepts = server_.Accepts();
  if (!accepts.ok()) return accepts;
  return &server_;
}

absl::StatusOr<RedisRouter::Redirect> SingleRouter::OnError(absl::string_view,
                                                            absl::string_view error,
                                                            const RedisConnection&) {
  if (absl::StartsWith(error, "MOVED ") || absl::StartsWith(error, "ASK ")) {
    return absl::FailedPreconditionError(
        "this Redis is part of a cluster; its address needs mode=cluster");
  }
  return RedisError(error);
}

}  // namespace tournant
