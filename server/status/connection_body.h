#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "status/client_pace.h"
#include "status/http_server.h"
#include "status/read_watch.h"

namespace tournant {

// The body of the request that a connection of civetweb's is about to answer. Lives while the
// connection does, on the thread that serves it.
//
// What civetweb 1.15 does with `request_timeout_ms`: the time of a header it takes as a whole,
// though it looks at it only after each read, so one that drips in ends after twice that at the
// latest. A body it leaves to mg_read, which comes back when it has as much as it was asked for or
// when nothing at all has come for that long: who asks for a page of it waits for as long as a
// client likes to take. So this asks for no more than the socket holds, or for one byte: except at
// the beginning, of which civetweb holds what came together with the header, nobody knows how much.
// That much is asked for at once, while a ReadWatch sees to the time.
class ConnectionBody final : public HttpBody {
 public:
  // Longest that a header may be, with what civetweb takes from the socket behind it.
  static constexpr int kMostReadAhead = 16384;

  // From now on it must come at `pace`, which outlives this, as `clock` and `watch` do.
  ConnectionBody(mg_connection* connection, const HttpRequest& request, const Clock& clock,
                 const ClientPace& pace, ReadWatch& watch);

  std::optional<int64_t> length() const override { return length_; }
  absl::StatusOr<std::string> Read(int64_t max_bytes) override;

  // Before an answer that is large: bounds what the kernel holds of it. Civetweb gives up a client
  // when the socket takes nothing for the request timeout, and it takes nothing until a third of
  // its buffer is free, which may grow to megabytes: more than a slow client takes in that time.
  void BoundSendBuffer();

  // Ends the answer and takes in what nobody wanted, within the grace and up to a megabyte: to
  // close with it unread would take the answer away from a client that is still sending.
  void Drain();

 private:
  using Part = std::array<char, kMostReadAhead>;

  // All of the first part, or of later ones as many bytes as are there, or one that is waited for.
  // 0 or less: no more come.
  int ReadSome(Part& part);
  int Socket();

  mg_connection* const connection_;
  const Clock& clock_;
  const ClientPace& pace_;
  ReadWatch& watch_;
  const TimePoint begun_;
  std::optional<int64_t> length_;
  bool waits_;                 // The client has sent nothing yet (Expect: 100-continue).
  bool first_ = true;          // Nothing has been read yet.
  bool cut_ = false;           // The watch has ended a read.
  bool unread_;                // There is more than was read.
  std::optional<int> socket_;  // -1: not found. Looked for when it is needed.
};

}  // namespace tournant
