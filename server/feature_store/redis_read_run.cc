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
  if (plan_.size() == 0) return job_->Finish(std::move(rows_));
  for (size_t command = 0; command < plan_.size(); ++command) {
    const absl::StatusOr<RedisConnection*> connection = router_.Route(plan_.Key(command));
    if (connection.ok()) {
      Send(command, **connection, /*asking=*/false);
    } else {
      Fail(command, connection.status());
    }
  }
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
  if (absl::IsOutOfRange(filled)) return job_->Finish(filled);
  if (!filled.ok()) return Fail(command, filled);
  Done();
}

void RedisReadRun::Fail(size_t command, const absl::Status& why) {
  plan_.MarkUnreadable(command, rows_);
  if (failed_++ == 0) first_failure_ = why;
  Done();
}

void RedisReadRun::Done() {
  if (--missing_ > 0) return;
  if (failed_ == plan_.size()) return job_->Finish(first_failure_);
  job_->Finish(std::move(rows_));
}

void RedisReadRun::OnError(RedisConnection& from, size_t command, absl::string_view error) {
  const absl::StatusOr<RedisRouter::Redirect> next =
      router_.OnError(plan_.Key(command), error, from);
  if (!next.ok()) return Fail(command, next.status());
  redirects_.resize(plan_.size());
  if (++redirects_[command] > kMaxRedirects) {
    return Fail(command, absl::UnavailableError(absl::StrCat(
                             "Redis's nodes send each other on in circles: ", Quote(error))));
  }
  Send(command, *next->connection, next->asking);
}

void RedisReadRun::OnFailure(RedisConnection&, size_t command, const absl::Status& why) {
  router_.OnLost();
  if (!job_->claimed()) Fail(command, why);
}

}  // namespace tournant
