#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "status/client_pace.h"
#include "status/http_server.h"

namespace tournant {

// The body of the request that a connection of civetweb's is about to answer. Lives while the
// connection does, on the thread that serves it.
//
// What civetweb 1.15 does with `request_timeout_ms`: the time of a header it takes as a whole,
// though it looks at it only after each read, so one that drips in ends after twice that at the
// latest. A body it leaves to mg_read, which comes back when it has as much as it was asked for or
// when nothing at all has come for that long: who asks for a page of it waits for as long as a
// client likes to take. So this asks for no more than the socket holds, or for one byte.
class ConnectionBody final : public HttpBody {
 public:
  // From now on it must come at `pace`, which outlives this, as `clock` does.
  ConnectionBody(mg_connection* connection, const HttpRequest& request, const Clock& clock,
                 const ClientPace& pace);

  std::optional<int64_t> length() const override { return length_; }
  absl::StatusOr<std::string> Read(int64_t max_bytes) override;

  // Ends the answer and takes in what nobody wanted, within the grace and up to a megabyte: to
  // close with it unread would take the answer away from a client that is still sending.
  void Drain();

 private:
  // Of the next bytes, as many as are there, or one that is waited for. 0 or less: no more come.
  int ReadSome(char* part, size_t size);
  int Socket();

  mg_connection* const connection_;
  const Clock& clock_;
  const ClientPace& pace_;
  const TimePoint begun_;
  std::optional<int64_t> length_;
  bool waits_;                 // The client has sent nothing yet (Expect: 100-continue).
  bool unread_;                // There is more than was read.
  std::optional<int> socket_;  // -1: not found. Looked for when it is needed.
};

}  // namespace tournant
