#include "status/connection_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tournant {
namespace {

constexpr char kPeer[] = "127.0.0.1";
constexpr char kOther[] = "127.0.0.2";  // Linux has all of 127.0.0.0/8.

sockaddr_in Address(const char* host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) { EXPECT_GE(fd_, 0); }
  Socket() : Socket(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  // Takes the address even where another socket has it already.
  void Bind(const char* host, int port) const {
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = Address(host, port);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  void Connect(const char* host, int port) const {
    const sockaddr_in address = Address(host, port);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  int port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(address.sin_port);
  }

 private:
  const int fd_;
};

class FindConnectionTest : public testing::Test {
 protected:
  FindConnectionTest() {
    listener_.Bind("0.0.0.0", 0);
    EXPECT_EQ(listen(listener_.fd(), 8), 0);
    client_.Bind(kPeer, 0);
    client_.Connect(kPeer, listener_.port());
  }
  int Accept() const { return accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC); }
  int Find() const { return FindConnection(kPeer, client_.port(), listener_.port()); }

  const Socket listener_;
  const Socket client_;
};

TEST_F(FindConnectionTest, FindsTheSocketOfAConnection) {
  EXPECT_EQ(Find(), -1);
  const Socket served(Accept());
  EXPECT_EQ(Find(), served.fd());
  EXPECT_EQ(FindConnection(kOther, client_.port(), listener_.port()), -1);
}

TEST_F(FindConnectionTest, FindsNoneWhereTwoConnectionsDifferInTheServersAddressAlone) {
  const Socket served(Accept());
  const Socket second;
  second.Bind(kPeer, client_.port());
  second.Connect(kOther, listener_.port());
  {
    const Socket also_served(Accept());
    EXPECT_EQ(Find(), -1);
  }
  EXPECT_EQ(Find(), served.fd());
}

}  // namespace
}  // namespace tournant
