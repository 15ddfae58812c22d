#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tournant {

// A port of 127.0.0.1 that nobody else gets while this object lives. Connections to it are refused
// until somebody who sets SO_REUSEADDR listens there, which this socket, since it never listens,
// does not hinder; so a server can be ended and started again in the same place.
class PortLease {
 public:
  PortLease() : fd_(Bind(0)) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~PortLease() { close(fd_); }
  PortLease(const PortLease&) = delete;
  PortLease& operator=(const PortLease&) = delete;

  int port() const { return port_; }

  // A socket bound to `port` of 127.0.0.1, beside a lease.
  static int Bind(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    EXPECT_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

 private:
  const int fd_;
  int port_ = 0;
};

}  // namespace tournant
