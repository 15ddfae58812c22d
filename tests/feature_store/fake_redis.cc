#include "feature_store/fake_redis.h"

#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tournant {
namespace {

// Takes one command off the front of `bytes`; empty when it is not whole yet.
std::optional<FakeRedis::Command> TakeCommand(std::string& bytes) {
  size_t at = 0;
  const auto number = [&](char kind) -> std::optional<size_t> {
    const size_t end = bytes.find("\r\n", at);
    if (end == std::string::npos || bytes[at] != kind) return std::nullopt;
    const size_t value = std::strtoul(bytes.c_str() + at + 1, nullptr, 10);
    at = end + 2;
    return value;
  };
  const auto count = number('*');
  if (!count) return std::nullopt;
  FakeRedis::Command command;
  for (size_t i = 0; i < *count; ++i) {
    const auto size = number('$');
    if (!size || bytes.size() < at + *size + 2) return std::nullopt;
    command.push_back(bytes.substr(at, *size));
    at += *size + 2;
  }
  bytes.erase(0, at);
  return command;
}

void SendAll(int fd, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return;
    sent += static_cast<size_t>(now);
  }
}

}  // namespace

std::string Bulk(const std::string& text) {
  return absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
}
std::string Nil() { return "$-1\r\n"; }
std::string ArrayOf(const std::vector<std::string>& elements) {
  return absl::StrCat("*", elements.size(), "\r\n", absl::StrJoin(elements, ""));
}

FakeRedis::FakeRedis(const PortLease* lease, Script script)
    : own_(lease == nullptr ? std::make_unique<PortLease>() : nullptr),
      lease_(lease == nullptr ? own_.get() : lease),
      listening_(PortLease::Bind(lease_->port())),
      script_(std::move(script)) {
  EXPECT_EQ(listen(listening_, 16), 0);
  thread_ = Thread("fake-redis", [this] { Run(); });
}

FakeRedis::~FakeRedis() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  waker_.Wake();
  thread_.Join();
  close(listening_);
  MutexLock lock(mutex_);
  for (const auto& [fd, client] : clients_) close(fd);
}

std::vector<FakeRedis::Command> FakeRedis::WaitForCommands(size_t count) {
  MutexLock lock(mutex_);
  while (commands_.size() < count) changed_.Wait(mutex_);
  return commands_;
}

size_t FakeRedis::Count(const std::string& name) {
  MutexLock lock(mutex_);
  return static_cast<size_t>(
      std::count_if(commands_.begin(), commands_.end(),
                    [&](const Command& command) { return command.front() == name; }));
}

void FakeRedis::WaitFor(const std::string& name, size_t count) {
  size_t seen = 0;
  while (Count(name) < count) seen = WaitForCommands(seen + 1).size();
}

void FakeRedis::Say(const std::string& bytes) {
  MutexLock lock(mutex_);
  for (const auto& [fd, client] : clients_) SendAll(fd, bytes);
}

void FakeRedis::HangUp() {
  MutexLock lock(mutex_);
  for (const auto& [fd, client] : clients_) shutdown(fd, SHUT_RDWR);
}

void FakeRedis::ChangeScript(Script script) {
  MutexLock lock(mutex_);
  script_ = std::move(script);
}

void FakeRedis::AnswerPings(bool on) {
  MutexLock lock(mutex_);
  pong_.bytes = on ? "+PONG\r\n" : "";
}

void FakeRedis::Run() {
  for (;;) {
    std::vector<pollfd> polled = {{waker_.fd(), POLLIN, 0}, {listening_, POLLIN, 0}};
    {
      MutexLock lock(mutex_);
      if (closed_) return;
      for (const auto& [fd, client] : clients_) polled.push_back({fd, POLLIN, 0});
    }
    poll(polled.data(), polled.size(), -1);
    if (polled[0].revents != 0) waker_.Clear();
    if (polled[1].revents != 0) Accept();
    for (size_t i = 2; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      MutexLock lock(mutex_);
      Client& client = clients_[polled[i].fd];
      if (Serve(polled[i].fd, client)) continue;
      clients_.erase(polled[i].fd);
      close(polled[i].fd);
    }
  }
}

void FakeRedis::Accept() {
  const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  MutexLock lock(mutex_);
  clients_[fd];
}

bool FakeRedis::Serve(int fd, Client& client) {
  mutex_.AssertHeld();
  char bytes[4096];
  const ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
  if (got <= 0) return false;
  client.unread.append(bytes, static_cast<size_t>(got));
  while (const auto command = TakeCommand(client.unread)) {
    commands_.push_back(*command);
    changed_.SignalAll();
    const Answer answer = command->front() == "PING" ? pong_ : script_(*command);
    SendAll(fd, answer.bytes);
    if (answer.hang_up) return false;
  }
  return true;
}

}  // namespace tournant
