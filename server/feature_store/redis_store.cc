#include "feature_store/redis_store.h"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace tournant {
namespace {

constexpr std::chrono::milliseconds kLongestPoll{60000};

}  // namespace

RedisStore::RedisStore(const Options& options, const Clock& clock, uint64_t seed)
    : options_(options),
      clock_(clock),
      resolver_([this] { waker_.Wake(); }),
      rng_(seed),
      thread_("redis-io", [this] { Run(); }) {}

RedisStore::~RedisStore() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  waker_.Wake();
  thread_.Join();
}

Task<absl::StatusOr<OnlineRows>> RedisStore::Read(const CallContext& call, OnlineRead read) {
  auto job = std::make_shared<RedisReadJob>(std::move(read), in_store_);
  const absl::Status waited =
      co_await HandoffAwaiter(call, *job, [this, &job] { return Enqueue(job); });
  if (!waited.ok()) co_return waited;
  co_return std::move(job->rows);
}

absl::Status RedisStore::Enqueue(std::shared_ptr<RedisReadJob> job) {
  bool first = false;
  {
    MutexLock lock(mutex_);
    // Reads whose callers have left make room, unless a node still owes them a reply.
    if (in_store_ > options_.max_reads) {
      std::erase_if(waiting_, [](const auto& other) { return other->claimed(); });
    }
    if (in_store_ > options_.max_reads) {
      return TooManyReads(options_.max_reads);
    }
    first = waiting_.empty();
    waiting_.push_back(std::move(job));
  }
  // The I/O thread takes all that wait at once, so only the first one has to wake it.
  if (first) waker_.Wake();
  return absl::OkStatus();
}

// False when the store is closed.
bool RedisStore::TakeJobs(std::deque<std::shared_ptr<RedisReadJob>>* jobs) {
  MutexLock lock(mutex_);
  if (jobs->empty()) {
    jobs->swap(waiting_);
  } else {
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(*jobs));
    waiting_.clear();
  }
  return !closed_;
}

void RedisStore::Run() {
  const std::unique_ptr<RedisRouter> router =
      MakeRedisRouter(options_.router, clock_, resolver_, rng_);
  std::deque<std::shared_ptr<RedisReadJob>> jobs;  // those that wait for the router to know
  while (TakeJobs(&jobs)) {
    StartReads(jobs, *router);
    router->Turn();
    Poll(*router);
  }
}

void RedisStore::StartReads(std::deque<std::shared_ptr<RedisReadJob>>& jobs, RedisRouter& router) {
  std::erase_if(jobs, [](const auto& job) { return job->claimed(); });
  const std::optional<absl::Status> known = router.Known();
  if (!known.has_value()) return;
  for (std::shared_ptr<RedisReadJob>& job : std::exchange(jobs, {})) {
    if (known->ok()) {
      RedisReadRun::Start(std::move(job), options_.project, options_.max_answer_bytes, router);
    } else {
      job->Finish(*known);
    }
  }
}

void RedisStore::Poll(RedisRouter& router) {
  std::vector<RedisConnection*> connections;
  router.Collect(&connections);
  std::vector<pollfd> polled = {{waker_.fd(), POLLIN, 0}};
  TimePoint due = router.due();
  for (const RedisConnection* connection : connections) {
    polled.push_back({connection->fd(), connection->events(), 0});
    due = std::min(due, connection->due());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::clamp<Duration>(due - clock_.Now(), Duration::zero(), kLongestPoll));
  if (poll(polled.data(), polled.size(), static_cast<int>(left.count())) <= 0) return;
  if (polled[0].revents != 0) waker_.Clear();
  for (size_t i = 0; i < connections.size(); ++i) {
    if (polled[i + 1].revents != 0) connections[i]->OnEvents(polled[i + 1].revents);
  }
}

}  // namespace tournant
