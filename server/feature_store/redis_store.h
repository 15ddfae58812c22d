#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "base/thread.h"
#include "feature_store/host_resolver.h"
#include "feature_store/online_store.h"
#include "feature_store/redis_read_run.h"
#include "feature_store/redis_router.h"
#include "feature_store/waker.h"

namespace tournant {

// A Feast Redis store: hashes by entity key, on one server, a cluster or what sentinels watch. One
// I/O thread has all connections; reads that come in together go out in one write per node. A node
// that is down makes reads of its keys fail, not the start and not other reads.
//
// Owned by the server; destroyed when no call is left, before the calls' loops.
class RedisStore final : public OnlineStore {
 public:
  struct Options {
    RedisRouter::Options router;
    std::string project;
    size_t max_reads = 4096;  // that wait, for a connection or for replies
    size_t max_answer_bytes = 64 << 20;
  };

  // Connects by and by. `clock` outlives it; `seed` is for the jitter of reconnects.
  RedisStore(const Options& options, const Clock& clock, uint64_t seed);
  ~RedisStore() override;

  Task<absl::StatusOr<OnlineRows>> Read(const CallContext& call, OnlineRead read) override;

 private:
  absl::Status Enqueue(std::shared_ptr<RedisReadJob> job);
  void Run();
  bool TakeJobs(std::deque<std::shared_ptr<RedisReadJob>>* jobs);
  void StartReads(std::deque<std::shared_ptr<RedisReadJob>>& jobs, RedisRouter& router);
  void Poll(RedisRouter& router);

  const Options options_;
  const Clock& clock_;
  std::atomic<size_t> in_store_{0};  // reads
  Waker waker_;
  HostResolver resolver_;
  SeededRng rng_;  // the I/O thread's

  Mutex mutex_;
  std::deque<std::shared_ptr<RedisReadJob>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;

  Thread thread_;  // last: joined first
};

}  // namespace tournant
