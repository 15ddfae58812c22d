#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/rng.h"
#include "feature_store/host_resolver.h"
#include "feature_store/redis_address.h"
#include "feature_store/resp.h"

namespace tournant {

class RedisConnection;

// Who waits for replies. Called on the store's I/O thread, exactly once for each command sent;
// `tag` is what the command was sent with.
class RedisReplySink {
 public:
  virtual ~RedisReplySink() = default;
  virtual void OnReply(RedisConnection& from, size_t tag, const RespReply& reply) = 0;
  // No reply will come: the connection is lost.
  virtual void OnFailure(RedisConnection& from, size_t tag, const absl::Status& why) = 0;
};

// One persistent, pipelined connection to one Redis node: it connects, logs in, sends what it is
// given in as few writes as possible, hands replies out in order, checks by PING that an idle node
// is alive, and connects again when it is lost, at once the first time and then ever more seldom.
//
// Owned by RedisNodes; one thread only, which polls fd() for events() until due() and then calls
// OnEvents() and Turn().
class RedisConnection {
 public:
  struct Options {
    std::string user;
    std::string password;
    int db = 0;
    bool readonly = false;        // a replica may be asked for slots of its master
    bool must_be_master = false;  // a node that says otherwise is as good as down
    // From looking up the host to the last reply of the greeting.
    std::chrono::milliseconds connect_timeout{1000};
    // Without a byte of a reply that is due, the node is taken for dead.
    std::chrono::milliseconds reply_timeout{1000};
    std::chrono::milliseconds ping_interval{10000};
    std::chrono::milliseconds first_backoff{50};
    std::chrono::milliseconds max_backoff{1000};
    size_t max_reply_bytes = 64 << 20;
  };

  // All but the node outlive it.
  RedisConnection(RedisNode node, const Options& options, const Clock& clock,
                  HostResolver& resolver, Rng& rng);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  const RedisNode& node() const { return node_; }
  // OK when commands go out now or after a connect that nothing speaks against; else why they would
  // have to wait for a node that was just found to be down. Send nothing then.
  absl::Status Accepts() const;
  // Nothing is owed to anybody.
  bool idle() const { return pending_.empty(); }

  // Sends one command: append it to Output(), then say who waits for its reply (null: nobody).
  std::string& Output() { return state_ == State::kReady ? out_ : held_; }
  void Expect(std::shared_ptr<RedisReplySink> sink, size_t tag);

  // What has to be done by itself: connect, write, notice that time is up.
  void Turn();
  void OnEvents(short events);
  int fd() const { return fd_; }  // below 0: nothing to poll
  short events() const;
  TimePoint due() const;

 private:
  enum class State { kBroken, kResolving, kConnecting, kGreeting, kReady };
  enum class Step { kAuth, kSelect, kReadOnly, kRole, kPing };
  struct Pending {
    std::shared_ptr<RedisReplySink> sink;
    size_t tag;
  };

  void StartAttempt();
  void TakeResolution();
  void ConnectToNextAddress();
  void FinishConnect();
  void Greet();
  absl::Status CheckGreeting(Step step, const RespReply& reply) const;
  void Receive();
  bool TakeReplies();
  void TakeReply(const RespReply& reply);
  void Flush();
  void Fail(const absl::Status& why);
  void Close();

  const RedisNode node_;
  const Options options_;
  const Clock& clock_;
  HostResolver& resolver_;
  Rng& rng_;

  State state_ = State::kBroken;
  int fd_ = -1;
  TimePoint due_;        // of the next attempt, or of the end of this one
  int failures_ = 0;     // attempts in a row that came to nothing
  bool useful_ = false;  // the connection has answered something besides the greeting
  absl::Status last_failure_;
  std::shared_ptr<HostResolver::Resolution> resolution_;
  std::vector<SocketAddress> addresses_;  // not tried yet, in reverse order

  std::unique_ptr<RespReader> reader_;
  std::deque<Step> greeting_;    // replies to come before all others
  std::deque<Pending> pending_;  // replies to come, in order
  std::string out_;              // to be written
  size_t written_ = 0;           // of out_
  std::string held_;             // commands for after the greeting
  TimePoint last_progress_;      // when a reply became due, or bytes came
};

}  // namespace tournant
