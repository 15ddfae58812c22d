#include "feature_store/redis_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "feature_store/backoff.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

// hiredis moves what it has not parsed yet to the front of its buffer after each reply, so small
// portions are the faster ones.
constexpr size_t kReadBytes = 16 << 10;
// A connection that never runs dry lets the others have their turn after this many.
constexpr int kReadsInARow = 64;

absl::Status SystemError(int code) { return absl::UnavailableError(std::strerror(code)); }

}  // namespace

RedisConnection::RedisConnection(RedisNode node, const Options& options, const Clock& clock,
                                 HostResolver& resolver, Rng& rng)
    : node_(std::move(node)),
      options_(options),
      clock_(clock),
      resolver_(resolver),
      rng_(rng),
      due_(clock.Now()),
      last_progress_(due_) {}

RedisConnection::~RedisConnection() { Close(); }

absl::Status RedisConnection::Accepts() const {
  if (state_ == State::kReady || failures_ == 0) return absl::OkStatus();
  return last_failure_;
}

void RedisConnection::Expect(std::shared_ptr<RedisReplySink> sink, size_t tag) {
  if (pending_.empty()) last_progress_ = clock_.Now();
  pending_.push_back({std::move(sink), tag});
}

short RedisConnection::events() const {
  if (state_ == State::kConnecting) return POLLOUT;
  return static_cast<short>(written_ < out_.size() ? POLLIN | POLLOUT : POLLIN);
}

TimePoint RedisConnection::due() const {
  if (state_ != State::kReady) return due_;
  return last_progress_ + (pending_.empty() ? options_.ping_interval : options_.reply_timeout);
}

void RedisConnection::Turn() {
  if (state_ == State::kResolving && resolution_->done) TakeResolution();
  const bool is_due = clock_.Now() >= due();
  switch (state_) {
    case State::kBroken:
      if (is_due) StartAttempt();
      break;
    case State::kResolving:
    case State::kConnecting:
    case State::kGreeting:
      if (is_due) {
        return Fail(absl::UnavailableError(
            absl::StrCat("no connection within ", options_.connect_timeout.count(), " ms")));
      }
      break;
    case State::kReady:
      if (is_due && !pending_.empty()) {
        return Fail(absl::UnavailableError(
            absl::StrCat("no reply within ", options_.reply_timeout.count(), " ms")));
      }
      if (is_due) {
        AppendRespCommand({"PING"}, &out_);
        Expect(nullptr, 0);
      }
      break;
  }
  if (written_ < out_.size() && state_ != State::kConnecting) Flush();
}

void RedisConnection::StartAttempt() {
  due_ = clock_.Now() + options_.connect_timeout;
  useful_ = false;
  state_ = State::kResolving;
  resolution_ = resolver_.Resolve(node_);
  if (resolution_->done) TakeResolution();
}

void RedisConnection::TakeResolution() {
  const auto resolution = std::move(resolution_);
  if (!resolution->addresses.ok()) return Fail(resolution->addresses.status());
  addresses_.assign(resolution->addresses->rbegin(), resolution->addresses->rend());
  ConnectToNextAddress();
}

void RedisConnection::ConnectToNextAddress() {
  state_ = State::kConnecting;
  int code = EADDRNOTAVAIL;
  while (!addresses_.empty()) {
    const SocketAddress address = addresses_.back();
    addresses_.pop_back();
    Close();
    fd_ = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
      code = errno;
      continue;
    }
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) {
      return Greet();
    }
    if (errno == EINPROGRESS) return;
    code = errno;
  }
  Fail(SystemError(code));
}

void RedisConnection::FinishConnect() {
  int code = 0;
  socklen_t size = sizeof(code);
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size);
  if (code == 0) return Greet();
  if (addresses_.empty()) return Fail(SystemError(code));
  ConnectToNextAddress();
}

// What has to hold before the first read. All of it is sent at once, but reads are held back until
// it is answered: in another database or on a node that is no master they would be answered wrong.
void RedisConnection::Greet() {
  state_ = State::kGreeting;
  reader_ = std::make_unique<RespReader>(options_.max_reply_bytes);
  const auto send = [this](Step step, std::initializer_list<absl::string_view> command) {
    greeting_.push_back(step);
    AppendRespCommand(command, &out_);
  };
  if (!options_.password.empty() && options_.user.empty()) {
    send(Step::kAuth, {"AUTH", options_.password});
  } else if (!options_.password.empty()) {
    send(Step::kAuth, {"AUTH", options_.user, options_.password});
  }
  if (options_.db != 0) send(Step::kSelect, {"SELECT", absl::StrCat(options_.db)});
  if (options_.readonly) send(Step::kReadOnly, {"READONLY"});
  if (options_.must_be_master) send(Step::kRole, {"ROLE"});
  send(Step::kPing, {"PING"});
  Flush();
}

absl::Status RedisConnection::CheckGreeting(Step step, const RespReply& reply) const {
  if (step == Step::kRole && !reply.IsError()) {
    RespCursor cursor(reply);
    size_t size = 0;
    absl::string_view role;
    if (cursor.Array(&size) && size > 0 && cursor.Text(&role) && role == "master") {
      return absl::OkStatus();
    }
    return absl::UnavailableError("it is not the master any more");
  }
  if (!reply.IsError()) return absl::OkStatus();
  const absl::string_view text = reply.Text(reply.root());
  // It lives, though this user may not ask.
  if (step == Step::kPing && absl::StartsWith(text, "NOPERM")) return absl::OkStatus();
  constexpr absl::string_view kNames[] = {"AUTH", "SELECT", "READONLY", "ROLE", "PING"};
  return absl::UnavailableError(
      absl::StrCat(kNames[static_cast<size_t>(step)], " was refused: ", Quote(text)));
}

void RedisConnection::OnEvents(short events) {
  if (state_ == State::kConnecting) return FinishConnect();
  if (state_ != State::kGreeting && state_ != State::kReady) return;
  // An error or a hang-up shows in what is read.
  if ((events & (POLLIN | POLLERR | POLLHUP)) != 0) Receive();
}

void RedisConnection::Receive() {
  char bytes[kReadBytes];
  for (int i = 0; i < kReadsInARow; ++i) {
    const ssize_t got = recv(fd_, bytes, sizeof(bytes), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got < 0) return Fail(SystemError(errno));
    if (got == 0) return Fail(absl::UnavailableError("it closed the connection"));
    last_progress_ = clock_.Now();
    reader_->Feed(bytes, static_cast<size_t>(got));
    if (!TakeReplies()) return;
    if (static_cast<size_t>(got) < sizeof(bytes)) return;
  }
}

// False when the connection was lost meanwhile.
bool RedisConnection::TakeReplies() {
  for (;;) {
    const RespReply* reply = nullptr;
    const absl::Status read = reader_->Next(&reply);
    if (!read.ok()) {
      Fail(read);
      return false;
    }
    if (reply == nullptr) return true;
    TakeReply(*reply);
    if (state_ != State::kGreeting && state_ != State::kReady) return false;
  }
}

void RedisConnection::TakeReply(const RespReply& reply) {
  if (state_ == State::kGreeting && !greeting_.empty()) {
    const absl::Status step = CheckGreeting(greeting_.front(), reply);
    greeting_.pop_front();
    if (!step.ok()) return Fail(step);
    if (!greeting_.empty()) return;
    state_ = State::kReady;
    out_ += std::exchange(held_, {});
    if (failures_ > 0) Log(LogLevel::kInfo, "Redis is back", {{"node", node_.Text()}});
    failures_ = 0;
    return;
  }
  if (pending_.empty()) return Fail(absl::UnavailableError("it sent a reply to nothing"));
  useful_ = true;
  const Pending waiting = std::move(pending_.front());
  pending_.pop_front();
  if (waiting.sink != nullptr) waiting.sink->OnReply(*this, waiting.tag, reply);
}

void RedisConnection::Flush() {
  while (written_ < out_.size()) {
    const ssize_t sent = send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (sent < 0) return Fail(SystemError(errno));
    written_ += static_cast<size_t>(sent);
  }
  out_.clear();
  written_ = 0;
}

// Whatever was sent or held is lost with the connection: its reads fail and the others go on. A
// connection that had been of use is made again at once; else the node is left alone for a while.
void RedisConnection::Fail(const absl::Status& why) {
  const bool again_at_once = state_ == State::kReady && useful_;
  Close();
  held_.clear();
  addresses_.clear();
  resolution_.reset();
  state_ = State::kBroken;
  absl::Status failure = Annotate(why, absl::StrCat("Redis ", node_.Text()));
  if (failures_ == 0 || failure.message() != last_failure_.message()) {
    Log(LogLevel::kWarning, "Redis is not reachable",
        {{"node", node_.Text()}, {"reason", std::string(why.message())}});
  }
  last_failure_ = std::move(failure);
  due_ = clock_.Now();
  if (!again_at_once) {
    due_ += BackoffDelay(failures_, options_.first_backoff, options_.max_backoff, rng_);
    ++failures_;
  }
  // Those who are told may send again, here too.
  const std::deque<Pending> lost = std::exchange(pending_, {});
  for (const Pending& waiting : lost) {
    if (waiting.sink != nullptr) waiting.sink->OnFailure(*this, waiting.tag, last_failure_);
  }
}

void RedisConnection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  greeting_.clear();
  out_.clear();
  written_ = 0;
  reader_.reset();
}

}  // namespace tournant
