#include "feature_store/sentinel_router.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

RedisConnection::Options MasterOptions(const RedisRouter::Options& options) {
  RedisConnection::Options master = options.DataConnection();
  master.must_be_master = true;
  return master;
}

}  // namespace

SentinelRouter::SentinelRouter(const Options& options, const Clock& clock, HostResolver& resolver,
                               Rng& rng)
    : addresses_(options.address.nodes),
      interval_(options.sentinel_interval),
      name_(options.address.master),
      clock_(clock),
      sentinels_(options.connection, clock, resolver, rng),
      masters_(MasterOptions(options), clock, resolver, rng),
      lookup_(RespCommand({"SENTINEL", "get-master-addr-by-name", name_}), options.lookup_pause,
              clock, [this](const RespReply& reply, const RedisConnection& from) {
                return TakeMaster(reply, from);
              }) {}

std::optional<absl::Status> SentinelRouter::Known() const {
  if (master_.has_value()) return absl::OkStatus();
  return lookup_.failure();
}

TimePoint SentinelRouter::due() const {
  return lookup_.wanted() ? lookup_.due() : lookup_.answered_at() + interval_;
}

void SentinelRouter::Turn() {
  if (clock_.Now() >= lookup_.answered_at() + interval_) lookup_.Refresh();
  // Reads are not waited for: the successor is found before the next one comes.
  if (master_.has_value() && !masters_.Get(*master_).Accepts().ok()) lookup_.Request();
  lookup_.Turn(addresses_, sentinels_);
  sentinels_.Turn();
  masters_.Turn();
}

absl::Status SentinelRouter::TakeMaster(const RespReply& reply, const RedisConnection& from) {
  RespCursor cursor(reply);
  size_t size = 0;
  absl::string_view host;
  absl::string_view port;
  RedisNode found;
  if (reply.root().type == RespType::kNil) {
    return absl::UnavailableError(
        absl::StrCat("the sentinel knows no master '", Quote(name_), "'"));
  }
  if (!cursor.Array(&size) || size < 2 || !cursor.Text(&host) || !cursor.Text(&port) ||
      host.empty() || !ParsePort(port, &found.port)) {
    return absl::UnavailableError("the sentinel's answer cannot be understood");
  }
  found.host = std::string(host);
  if (master_ == found) return absl::OkStatus();
  Log(LogLevel::kInfo, "Redis has a master",
      {{"name", name_}, {"node", found.Text()}, {"sentinel", from.node().Text()}});
  master_ = found;
  masters_.Get(found);
  masters_.Keep({found});
  return absl::OkStatus();
}

absl::StatusOr<RedisConnection*> SentinelRouter::Route(absl::string_view) {
  RedisConnection& master = masters_.Get(*master_);
  const absl::Status accepts = master.Accepts();
  if (!accepts.ok()) return accepts;
  return &master;
}

absl::StatusOr<RedisRouter::Redirect> SentinelRouter::OnError(absl::string_view,
                                                              absl::string_view error,
                                                              const RedisConnection&) {
  return RedisError(error);
}

void SentinelRouter::Collect(std::vector<RedisConnection*>* connections) const {
  sentinels_.Collect(connections);
  masters_.Collect(connections);
}

}  // namespace tournant
