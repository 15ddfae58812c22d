#include "feature_store/redis_lookup.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {

class RedisLookup::Sink final : public RedisReplySink {
 public:
  explicit Sink(RedisLookup* lookup) : lookup_(lookup) {}
  void Forget() { lookup_ = nullptr; }
  void OnReply(RedisConnection& from, size_t, const RespReply& reply) override {
    if (lookup_ != nullptr) lookup_->OnAnswer(from, reply);
  }
  void OnFailure(RedisConnection&, size_t, const absl::Status& why) override {
    if (lookup_ != nullptr) lookup_->OnNoAnswer(why);
  }

 private:
  RedisLookup* lookup_;
};

RedisLookup::RedisLookup(std::string command, std::chrono::milliseconds pause, const Clock& clock,
                         Accept accept)
    : command_(std::move(command)),
      pause_(pause),
      clock_(clock),
      accept_(std::move(accept)),
      sink_(std::make_shared<Sink>(this)),
      not_before_(clock.Now()),
      answered_at_(not_before_) {}

RedisLookup::~RedisLookup() { sink_->Forget(); }

TimePoint RedisLookup::due() const { return wanted_ && !asking_ ? not_before_ : TimePoint::max(); }

void RedisLookup::Turn(const std::vector<RedisNode>& candidates, RedisNodes& nodes) {
  while (wanted_ && !asking_ && clock_.Now() >= not_before_) {
    round_size_ = candidates.size();
    RedisConnection& candidate = nodes.Get(candidates[next_ % candidates.size()]);
    const absl::Status accepts = candidate.Accepts();
    if (!accepts.ok()) {
      OnNoAnswer(accepts);
      continue;
    }
    asking_ = true;
    candidate.Output() += command_;
    candidate.Expect(sink_, 0);
  }
}

void RedisLookup::OnAnswer(const RedisConnection& from, const RespReply& reply) {
  const absl::Status accepted = reply.IsError()
                                    ? absl::UnavailableError(Quote(reply.Text(reply.root())))
                                    : accept_(reply, from);
  if (!accepted.ok()) {
    return OnNoAnswer(Annotate(accepted, absl::StrCat("Redis ", from.node().Text())));
  }
  asking_ = false;
  wanted_ = false;
  asked_ = 0;
  failure_.reset();
  answered_at_ = clock_.Now();
  not_before_ = answered_at_ + pause_;
}

void RedisLookup::OnNoAnswer(const absl::Status& why) {
  asking_ = false;
  ++next_;
  if (++asked_ < round_size_) return;
  asked_ = 0;
  failure_ = why;
  not_before_ = clock_.Now() + pause_;
}

}  // namespace tournant
