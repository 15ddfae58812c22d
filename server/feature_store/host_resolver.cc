#include "feature_store/host_resolver.h"

#include <netdb.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

absl::StatusOr<std::vector<SocketAddress>> Lookup(const RedisNode& node, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = absl::StrCat(node.port);
  const int code = getaddrinfo(node.host.c_str(), port.c_str(), &hints, &found);
  if (code != 0) {
    return absl::UnavailableError(
        absl::StrCat("host '", Quote(node.host), "': ", gai_strerror(code)));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.size = info->ai_addrlen;
  }
  freeaddrinfo(found);
  return addresses;
}

}  // namespace

HostResolver::HostResolver(std::function<void()> on_done)
    : on_done_(std::move(on_done)), thread_("redis-resolver", [this] { Run(); }) {}

HostResolver::~HostResolver() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  work_.Signal();
  thread_.Join();
}

std::shared_ptr<HostResolver::Resolution> HostResolver::Resolve(const RedisNode& node) {
  auto resolution = std::make_shared<Resolution>(node);
  resolution->addresses = Lookup(node, AI_NUMERICHOST);
  if (resolution->addresses.ok()) {
    resolution->done = true;
    return resolution;
  }
  {
    MutexLock lock(mutex_);
    waiting_.push_back(resolution);
  }
  work_.Signal();
  return resolution;
}

void HostResolver::Run() {
  for (;;) {
    std::shared_ptr<Resolution> next;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !closed_) work_.Wait(mutex_);
      if (closed_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (next.use_count() == 1) continue;  // Nobody waits for it any more.
    next->addresses = Lookup(next->node, 0);
    next->done = true;
    on_done_();
  }
}

}  // namespace tournant
