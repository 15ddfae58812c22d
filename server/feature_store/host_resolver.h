#pragma once

#include <sys/socket.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "feature_store/redis_address.h"

namespace tournant {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// Names to addresses. getaddrinfo blocks for as long as a name server likes, so a thread of its own
// calls it, but for addresses that need no name server. Owned by the store; outlives who asks.
class HostResolver {
 public:
  struct Resolution {
    explicit Resolution(RedisNode what) : node(std::move(what)) {}
    const RedisNode node;
    std::atomic<bool> done{false};
    absl::StatusOr<std::vector<SocketAddress>> addresses = absl::UnknownError("");  // once done
  };

  // `on_done` is called on the resolver's thread after each resolution that took one.
  explicit HostResolver(std::function<void()> on_done);
  ~HostResolver();

  // Never null; may be done already. Whoever loses interest just drops it.
  std::shared_ptr<Resolution> Resolve(const RedisNode& node);

 private:
  void Run();

  const std::function<void()> on_done_;
  Mutex mutex_;
  CondVar work_;
  std::deque<std::shared_ptr<Resolution>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;  // last: joined first
};

}  // namespace tournant
