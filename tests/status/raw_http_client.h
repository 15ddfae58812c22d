#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace tournant {

struct RawResponse {
  int code = 0;  // 0: no answer, or none in HTTP.
  std::string head;
  std::string body;
};

// Connects to a port of the loopback interface; -1 when that fails.
inline int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

// A connection to a port of the loopback interface whose client has sent `text` and then leaves it
// open, until it is destroyed.
class OpenConnection {
 public:
  OpenConnection(int port, const std::string& text) : fd_(Connect(port)) {
    sent_ = send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  ~OpenConnection() { close(fd_); }
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;

  bool sent() const { return sent_; }
  int port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  // Some of what the server sends, when there is any: how many bytes; 0 or less at the end.
  ssize_t Read() {
    char buffer[16384];
    return recv(fd_, buffer, sizeof buffer, 0);
  }
  // Blocks until the server closes it.
  void WaitForEnd() {
    while (Read() > 0) continue;
  }

 private:
  const int fd_;
  bool sent_ = false;
};

inline RawResponse ReadResponse(const std::string& answer) {
  RawResponse response;
  const size_t end = answer.find("\r\n\r\n");
  if (answer.rfind("HTTP/1.", 0) != 0 || end == std::string::npos) return response;
  response.code = std::atoi(answer.c_str() + 9);
  response.head = answer.substr(0, end + 2);
  response.body = answer.substr(end + 4);
  return response;
}

// Sends `request` as it is to a port of the loopback interface and reads until the server closes.
inline RawResponse Exchange(int port, const std::string& request) {
  const int fd = Connect(port);
  std::string answer;
  if (fd >= 0) {
    size_t sent = 0;
    while (sent < request.size()) {
      const ssize_t now = send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) break;
      sent += static_cast<size_t>(now);
    }
    shutdown(fd, SHUT_WR);
    char buffer[16384];
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<size_t>(got));
    }
    close(fd);
  }
  return ReadResponse(answer);
}

// Sends `begin`, and then a byte now and then for as long as the server takes them, whatever it
// answers meanwhile.
inline RawResponse Drip(int port, const std::string& begin) {
  const int fd = Connect(port);
  std::string answer;
  bool ended = fd < 0 || send(fd, begin.data(), begin.size(), MSG_NOSIGNAL) < 0;
  bool reads = true;
  while (!ended) {
    ended = send(fd, "x", 1, MSG_NOSIGNAL) < 0;
    pollfd ready{.fd = fd, .events = static_cast<short>(reads ? POLLIN : 0), .revents = 0};
    if (poll(&ready, 1, /*timeout_ms=*/1) <= 0 || !reads) continue;
    char buffer[16384];
    const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got > 0) answer.append(buffer, static_cast<size_t>(got));
    reads = got > 0;
  }
  if (fd >= 0) close(fd);
  return ReadResponse(answer);
}

inline RawResponse Get(int port, const std::string& path) {
  return Exchange(port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

}  // namespace tournant
