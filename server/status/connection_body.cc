#include "status/connection_body.h"

#include <civetweb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "status/connection_socket.h"

namespace tournant {
namespace {

// A client that has sent so much more for nothing is not worth waiting for.
constexpr int64_t kMostDrained = 1 << 20;

// The kernel doubles it: a third of that is less than a client takes in a second at the least pace.
constexpr int kMostSendBuffer = 256 << 10;

absl::Status TooLarge(int64_t max_bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the body is larger than ", max_bytes, " bytes"));
}

}  // namespace

ConnectionBody::ConnectionBody(mg_connection* connection, const HttpRequest& request,
                               const Clock& clock, const ClientPace& pace, ReadWatch& watch)
    : connection_(connection),
      clock_(clock),
      pace_(pace),
      watch_(watch),
      begun_(clock.Now()),
      waits_(request.Header("Expect").has_value()) {
  const long long length = mg_get_request_info(connection)->content_length;
  if (length >= 0) length_ = length;
  unread_ = length > 0 || request.Header("Transfer-Encoding").has_value();
}

absl::StatusOr<std::string> ConnectionBody::Read(int64_t max_bytes) {
  if (length_ && *length_ > max_bytes) return TooLarge(max_bytes);
  if (waits_) {
    constexpr absl::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
    mg_write(connection_, kGoOn.data(), kGoOn.size());
    waits_ = false;
  }
  std::string body;
  body.reserve(static_cast<size_t>(length_.value_or(0)));
  Part part{};
  const auto size = [&body] { return static_cast<int64_t>(body.size()); };
  const auto late = [&] { return cut_ || clock_.Now() >= pace_.Deadline(begun_, size()); };
  while (!length_ || size() < *length_) {
    const int got = ReadSome(part);
    if (got > 0) body.append(part.data(), static_cast<size_t>(got));
    if (size() > max_bytes) return TooLarge(max_bytes);
    if (length_ && size() >= *length_) break;
    if (late()) {
      return absl::DeadlineExceededError(absl::StrCat("the body comes too slowly: ", body.size(),
                                                      " bytes of it have come in time"));
    }
    if (got <= 0) break;
  }
  unread_ = false;
  if (length_ && size() < *length_) return absl::CancelledError("the body stopped halfway");
  return body;
}

int ConnectionBody::ReadSome(Part& part) {
  // Of a socket that is not known the watch could not end a read.
  if (std::exchange(first_, false) && length_ && Socket() >= 0) {
    watch_.BeginRead(Socket(), pace_.Deadline(begun_, 0));
    const int got = mg_read(connection_, part.data(), part.size());
    cut_ = !watch_.EndRead();
    return got;
  }
  size_t want = 1;
  // What a chunked body has in between is none of its bytes.
  if (int there = 0; length_ && Socket() >= 0 && ioctl(Socket(), FIONREAD, &there) == 0) {
    want = std::clamp<size_t>(static_cast<size_t>(std::max(there, 1)), 1, part.size());
  }
  return mg_read(connection_, part.data(), want);
}

void ConnectionBody::BoundSendBuffer() {
  if (Socket() < 0) return;
  setsockopt(Socket(), SOL_SOCKET, SO_SNDBUF, &kMostSendBuffer, sizeof kMostSendBuffer);
}

void ConnectionBody::Drain() {
  if (!unread_ || waits_ || Socket() < 0) return;
  shutdown(Socket(), SHUT_WR);
  Part part{};
  for (int64_t left = kMostDrained; left > 0;) {
    const Duration time = begun_ + pace_.grace - clock_.Now();
    if (time <= Duration::zero()) return;
    pollfd ready{.fd = Socket(), .events = POLLIN, .revents = 0};
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(time);
    const int polled = poll(&ready, 1, static_cast<int>(std::min<int64_t>(wait.count(), 60'000)));
    if (polled < 0 && errno != EINTR) return;
    if (polled <= 0) continue;
    const ssize_t got = recv(Socket(), part.data(), part.size(), MSG_DONTWAIT);
    if (got <= 0) return;
    left -= got;
  }
}

int ConnectionBody::Socket() {
  if (!socket_) {
    const mg_request_info* info = mg_get_request_info(connection_);
    socket_ = FindConnection(info->remote_addr, info->remote_port, info->server_port);
  }
  return *socket_;
}

}  // namespace tournant
