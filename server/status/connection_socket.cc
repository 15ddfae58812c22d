#include "status/connection_socket.h"

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "absl/strings/numbers.h"

namespace tournant {
namespace {

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return -1;
}

bool IsConnection(int fd, const std::string& peer, int peer_port, int own_port) {
  sockaddr_storage address{};
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (getpeername(fd, plain, &size) != 0 || PortOf(address) != peer_port) return false;
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(plain, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0 ||
      peer != text.data()) {
    return false;
  }
  size = sizeof address;
  return getsockname(fd, plain, &size) == 0 && PortOf(address) == own_port;
}

}  // namespace

int FindConnection(const std::string& peer, int peer_port, int own_port) {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int found = -1;
  while (const dirent* entry = readdir(folder)) {
    int fd = -1;
    if (!absl::SimpleAtoi(entry->d_name, &fd)) continue;  // "." and "..".
    if (!IsConnection(fd, peer, peer_port, own_port)) continue;
    if (found >= 0) {
      found = -1;
      break;
    }
    found = fd;
  }
  closedir(folder);
  return found;
}

}  // namespace tournant
