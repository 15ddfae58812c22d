#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "feature_store/online_store.h"
#include "feature_store/read_job.h"
#include "feature_store/redis_connection.h"
#include "feature_store/redis_read_plan.h"
#include "feature_store/redis_router.h"

namespace tournant {

struct RedisReadJob final : ReadJob {
  // `in_store` counts reads that are not done with, however their calls fare.
  RedisReadJob(OnlineRead what, std::atomic<size_t>& in_store)
      : ReadJob(std::move(what)), in_store_(in_store) {
    ++in_store_;
  }
  ~RedisReadJob() { --in_store_; }

 private:
  std::atomic<size_t>& in_store_;
};

// One read in progress: its commands go out to the nodes, each reply fills its cells, and the last
// one ends the wait. A command that fails costs its own key: one dead shard must not take the
// features of all others along, least of all those of other calls that share the read. Shared by
// the connections that owe it a reply. Lives on the store's I/O thread.
class RedisReadRun final : public RedisReplySink,
                           public std::enable_shared_from_this<RedisReadRun> {
 public:
  // The router has to know its nodes, and outlives the run.
  static void Start(std::shared_ptr<RedisReadJob> job, const std::string& project, size_t max_bytes,
                    RedisRouter& router);

  // Private in spirit: Start() makes it.
  RedisReadRun(std::shared_ptr<RedisReadJob> job, const std::string& project, size_t max_bytes,
               RedisRouter& router);

  void OnReply(RedisConnection& from, size_t command, const RespReply& reply) override;
  void OnFailure(RedisConnection& from, size_t command, const absl::Status& why) override;

 private:
  void SendAll();
  void Send(size_t command, RedisConnection& to, bool asking);
  void OnError(RedisConnection& from, size_t command, absl::string_view error);
  // What is missing is one command less. The last one ends the wait.
  void Fail(size_t command, const absl::Status& why);
  void Done();

  const std::shared_ptr<RedisReadJob> job_;
  const size_t max_bytes_;
  RedisRouter& router_;
  const RedisReadPlan plan_;
  OnlineRows rows_;
  size_t missing_;     // replies
  size_t failed_ = 0;  // commands
  absl::Status first_failure_;
  std::vector<uint8_t> redirects_;  // by command; empty until there is one
};

}  // namespace tournant
