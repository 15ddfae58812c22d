#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "feature_store/redis_address.h"
#include "feature_store/redis_connection.h"
#include "feature_store/redis_nodes.h"

namespace tournant {

// Asks those who should know, one after the other, until one of them gives an answer that can be
// used: the slots of a cluster, the master behind sentinels. One question at a time, and a pause
// after an answer or after a round without one, so that trouble does not make a storm of questions.
//
// Owned by a router, used by the store's I/O thread only.
class RedisLookup {
 public:
  // Takes an answer; an error when it is of no use, and the next one is asked.
  using Accept = std::function<absl::Status(const RespReply&, const RedisConnection& from)>;

  RedisLookup(std::string command, std::chrono::milliseconds pause, const Clock& clock,
              Accept accept);
  ~RedisLookup();

  // Something is not as the last answer said: asks as soon as it may, and somebody else.
  void Request() {
    if (!wanted_) ++next_;
    wanted_ = true;
  }
  // Nothing speaks against the last answer, so who gave it is asked whether it still holds. Those
  // who were cut off from the others answer too; asking around would bring their old news back.
  void Refresh() { wanted_ = true; }
  // Asked for and not answered yet.
  bool wanted() const { return wanted_; }

  // To be called in each turn, before that of `nodes`. `candidates` is whom to ask, never empty.
  void Turn(const std::vector<RedisNode>& candidates, RedisNodes& nodes);
  TimePoint due() const;

  // Empty: no whole round has failed since the last answer. Else why the last one did.
  const std::optional<absl::Status>& failure() const { return failure_; }
  TimePoint answered_at() const { return answered_at_; }

 private:
  // What connections hold; it may outlive the lookup.
  class Sink;

  void OnAnswer(const RedisConnection& from, const RespReply& reply);
  void OnNoAnswer(const absl::Status& why);

  const std::string command_;
  const std::chrono::milliseconds pause_;
  const Clock& clock_;
  const Accept accept_;
  const std::shared_ptr<Sink> sink_;

  bool wanted_ = true;
  bool asking_ = false;
  TimePoint not_before_;
  TimePoint answered_at_;
  size_t next_ = 0;   // candidate
  size_t asked_ = 0;  // of this round, without success
  size_t round_size_ = 0;
  std::optional<absl::Status> failure_;
};

}  // namespace tournant
