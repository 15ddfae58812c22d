#include "status/listener_nudge.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace tournant {

void NudgeListener(absl::string_view host, int port) {
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(std::string(host).c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return;
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    // Whether it succeeds does not matter; on this machine it does so at once.
    [[maybe_unused]] const int result = connect(fd, found->ai_addr, found->ai_addrlen);
    close(fd);
  }
  freeaddrinfo(found);
}

}  // namespace tournant
