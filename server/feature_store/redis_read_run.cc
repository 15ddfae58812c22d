#include "feature_store/redis_read_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

// A key moves once, and may be on its way; nodes that disagree for longer than this have a problem.
constexpr uint8_t kMaxRedirects = 5;

}  // namespace

RedisReadRun::RedisReadRun(std::shared_ptr<RedisReadJob> job, const std::string& project,
                           size_t max_bytes, RedisRouter& router)
    : job_(std::move(job)),
      max_bytes_(max_bytes),
      router_(router),
      plan_(job_->read, project),
      rows_(plan_.EmptyRows()),
      missing_(plan_.size()) {}

void RedisReadRun::Start(std::shared_ptr<RedisReadJob> job, const std::string& project,
                         size_t max_bytes, RedisRouter& router) {
  std::make_shared<RedisReadRun>(std::move(job), project, max_bytes, router)->SendAll();
}

void RedisReadRun::SendAll() {
  std::vector<RedisConnection*> connections;
  connections.reserve(plan_.size());
  for (size_t command = 0; command < plan_.size(); ++command) {
    const absl::StatusOr<RedisConnection*> connection = router_.Route(plan_.Key(command));
    // Rather nothing than a part that nobody will wait for.
    if (!connection.ok()) return job_->Finish(connection.status());
    connections.push_back(*connection);
  }
  for (size_t command = 0; command < plan_.size(); ++command) {
    Send(command, *connections[command], /*asking=*/false);
  }
  if (missing_ == 0) job_->Finish(std::move(rows_));
}

void RedisReadRun::Send(size_t command, RedisConnection& to, bool asking) {
  if (asking) {
    AppendRespCommand({"ASKING"}, &to.Output());
    to.Expect(nullptr, 0);
  }
  plan_.AppendCommand(command, &to.Output());
  to.Expect(shared_from_this(), command);
}

void RedisReadRun::OnReply(RedisConnection& from, size_t command, const RespReply& reply) {
  if (job_->claimed()) return;
  if (reply.IsError()) return OnError(from, command, reply.Text(reply.root()));
  const absl::Status filled = plan_.Fill(command, reply, max_bytes_, rows_);
  if (!filled.ok()) return job_->Finish(filled);
  if (--missing_ == 0) job_->Finish(std::move(rows_));
}

void RedisReadRun::OnError(RedisConnection& from, size_t command, absl::string_view error) {
  const absl::StatusOr<RedisRouter::Redirect> next =
      router_.OnError(plan_.Key(command), error, from);
  if (!next.ok()) return job_->Finish(next.status());
  redirects_.resize(plan_.size());
  if (++redirects_[command] > kMaxRedirects) {
    return job_->Finish(absl::UnavailableError(
        absl::StrCat("Redis's nodes send each other on in circles: ", Quote(error))));
  }
  Send(command, *next->connection, next->asking);
}

void RedisReadRun::OnFailure(RedisConnection&, size_t, const absl::Status& why) {
  router_.OnLost();
  job_->Finish(why);
}

}  // namespace tournant
