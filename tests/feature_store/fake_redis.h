#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"
#include "fakes/port_lease.h"
#include "feature_store/waker.h"

namespace tournant {

// A Redis node that answers what a test's script tells it to, over real sockets on 127.0.0.1.
class FakeRedis {
 public:
  using Command = std::vector<std::string>;
  struct Answer {
    std::string bytes;     // none: the command stays unanswered
    bool hang_up = false;  // after the bytes
  };
  // Called on the fake's own thread for each command that is no PING.
  using Script = std::function<Answer(const Command&)>;

  explicit FakeRedis(Script script) : FakeRedis(nullptr, std::move(script)) {}
  // In the place of `lease`, which outlives it; null: a place of its own.
  FakeRedis(const PortLease* lease, Script script);
  ~FakeRedis();
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  int port() const { return lease_->port(); }
  std::string address() const { return "redis://127.0.0.1:" + std::to_string(port()); }

  // Blocks until so many commands, PING among them, have come over all connections; all of them.
  std::vector<Command> WaitForCommands(size_t count);
  // How many have come that begin with `name`.
  size_t Count(const std::string& name);
  void WaitFor(const std::string& name, size_t count);
  // On all connections, from outside of the script.
  void Say(const std::string& bytes);
  void HangUp();
  void ChangeScript(Script script);
  // Whether a PING is answered; it is until this says otherwise.
  void AnswerPings(bool on);

 private:
  struct Client {
    std::string unread;
  };

  void Run();
  void Accept();
  bool Serve(int fd, Client& client);  // false when the connection is over

  const std::unique_ptr<PortLease> own_;
  const PortLease* const lease_;
  int listening_ = -1;
  Waker waker_;

  Mutex mutex_;
  CondVar changed_;
  Script script_ ABSL_GUARDED_BY(mutex_);
  Answer pong_ ABSL_GUARDED_BY(mutex_){"+PONG\r\n"};
  std::map<int, Client> clients_ ABSL_GUARDED_BY(mutex_);
  std::vector<Command> commands_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;

  Thread thread_;
};

// Replies in RESP.
std::string Bulk(const std::string& text);
std::string Nil();
std::string ArrayOf(const std::vector<std::string>& elements);

}  // namespace tournant
