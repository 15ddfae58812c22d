#include "features/fetch_lane.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "features/answer_size.h"
#include "features/row_key.h"

namespace tournant {
namespace {

// With less time left nobody asks a store again.
constexpr std::chrono::milliseconds kRenewFloor{1};

}  // namespace

FetchLane::FetchLane(const Shared& shared, const CallContext& call, const FetchRequest& request)
    : shared_(shared),
      clock_(call.clock),
      plan_(request.plan),
      owner_(request.owner),
      wanted_(request.wanted),
      key_columns_(KeysOf(request.plan, request.wanted)) {}

void FetchLane::Join(FetchWait& wait) {
  const size_t rows = static_cast<size_t>(wait.request().rows);
  const size_t before = gathering_ == nullptr ? 0 : gathering_->keys.rows();
  for (size_t row = 0; row < rows; ++row) Add(wait, row);
  const size_t after = gathering_ == nullptr ? 0 : gathering_->keys.rows();
  shared_.counters.joined_rows.Add(rows - (after - before));
  if (after == before) shared_.counters.joined_calls.Add();
  SendIfDue();
}

void FetchLane::Add(FetchWait& wait, size_t row) {
  std::string key;
  AppendRowKey(wait.request().keys, key_columns_, row, key);
  auto found = places_.find(key);
  if (found == places_.end()) {
    if (gathering_ == nullptr) gathering_ = std::make_shared<SharedFetch>();
    const size_t place = gathering_->keys.rows();
    gathering_->keys.Add(wait.request().keys, key_columns_, row);
    const std::string& kept = gathering_->row_keys.emplace_back(std::move(key));
    found = places_.emplace(kept, Place{gathering_.get(), place}).first;
  }
  const Place& place = found->second;
  wait.Attach(*place.fetch, place.row, row);
}

void FetchLane::SendIfDue() {
  if (gathering_ == nullptr) return;
  if (in_flight_.empty() || gathering_->keys.rows() >= shared_.options.max_rows) {
    Send();
  } else if (!pending()) {
    shared_.home.AddTimer(*this, clock_.Now() + shared_.options.window);
  }
}

void FetchLane::Send() {
  if (pending()) shared_.home.RemoveTimer(*this);
  const std::shared_ptr<SharedFetch> fetch = std::move(gathering_);
  for (const FetchWait* wait : fetch->waiters) {
    fetch->deadline = std::max(fetch->deadline, wait->request().deadline);
    ShareTrace(wait->call().trace, fetch->trace);
  }
  fetch->place = in_flight_.size();
  in_flight_.push_back(fetch);
  shared_.counters.fetches.Add();
  shared_.counters.fetched_rows.Add(fetch->keys.rows());
  Fly(shared_from_this(), fetch);
}

Detached FetchLane::Fly(std::shared_ptr<FetchLane> lane, std::shared_ptr<SharedFetch> fetch) {
  // Counted until all that it holds is gone: its lane, and through it the plan.
  const CallCount::Member here(lane->shared_.background);
  const std::shared_ptr<FetchLane> own = std::move(lane);
  const std::shared_ptr<SharedFetch> rows = std::move(fetch);
  CallPhase phase(own->clock_, nullptr);
  const CallContext context{own->shared_.home,
                            own->clock_,
                            rows->deadline,
                            rows->stop.get_token(),
                            phase,
                            nullptr,
                            rows->trace ? &*rows->trace : nullptr};
  const FetchRequest request{own->plan_,     rows->keys.columns(),
                             own->wanted_,   static_cast<int64_t>(rows->keys.rows()),
                             rows->deadline, own->owner_};
  absl::StatusOr<FetchedFeatures> answer = co_await own->shared_.next.Fetch(context, request);
  CheckSize(request, answer);
  own->OnAnswer(*rows, std::move(answer));
}

void FetchLane::OnAnswer(SharedFetch& fetch, absl::StatusOr<FetchedFeatures> answer) {
  if (fetch.waiters.empty()) return;  // Abandoned and forgotten.
  Forget(fetch);
  if (!answer.ok()) Renew(fetch, answer.status());
  const bool alone = fetch.waiters.size() == 1;
  for (FetchWait* wait : fetch.waiters) wait->Take(fetch, answer, alone);
  if (gathering_ != nullptr) Send();
}

void FetchLane::Renew(SharedFetch& fetch, const absl::Status& status) {
  if (!absl::IsDeadlineExceeded(status) || clock_.Now() < fetch.deadline) return;
  std::vector<FetchWait*> ended;
  for (FetchWait* wait : fetch.waiters) {
    if (wait->request().deadline < fetch.deadline + kRenewFloor) {
      ended.push_back(wait);
      continue;
    }
    const std::vector<size_t> rows = wait->Forget(fetch);
    for (const size_t row : rows) Add(*wait, row);
    shared_.counters.renewed_rows.Add(rows.size());
  }
  fetch.waiters = std::move(ended);
}

void FetchLane::Leave(FetchWait& wait) {
  wait.Leave([this](SharedFetch& fetch) {
    if (&fetch == gathering_.get()) {
      Forget(fetch);
      if (pending()) shared_.home.RemoveTimer(*this);
      gathering_.reset();
      return;
    }
    shared_.counters.abandoned_fetches.Add();
    // Ends somewhere below; the coroutine that fetches holds it.
    std::stop_source stop = fetch.stop;
    Forget(fetch);
    stop.request_stop();
  });
  if (gathering_ != nullptr && in_flight_.empty()) Send();
}

void FetchLane::Forget(SharedFetch& fetch) {
  for (const std::string& key : fetch.row_keys) places_.erase(key);
  if (fetch.place == SharedFetch::kNowhere) return;
  // The last one takes its place, however many there are.
  std::shared_ptr<SharedFetch>& place = in_flight_[fetch.place];
  std::swap(place, in_flight_.back());
  place->place = fetch.place;
  fetch.place = SharedFetch::kNowhere;
  in_flight_.pop_back();
}

}  // namespace tournant
