#include "features/fetch_wait.h"

#include <algorithm>

#include "features/fetch_lane.h"
#include "features/shared_fetch.h"

namespace tournant {

void FetchWait::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  call_.home.AddTimer(*this, request_.deadline);
  on_cancel_.emplace(call_.cancelled, OnCancel{this});
  if (!woken_) lane_.Join(*this);
}

absl::StatusOr<FetchedFeatures> FetchWait::await_resume() {
  on_cancel_.reset();
  if (pending()) call_.home.RemoveTimer(*this);
  lane_.Leave(*this);
  if (absl::Status alive = call_.Alive(); !alive.ok()) return alive;
  const size_t rows = static_cast<size_t>(request_.rows);
  if (rows_done_ < rows && error_.ok()) {
    error_ = absl::DeadlineExceededError("the feature store did not answer in time");
  }
  if (rows_done_ == 0) return error_;
  if (rows_done_ < rows) result_.set_error(error_);
  return std::move(result_);
}

void FetchWait::Wake() {
  if (woken_) return;
  woken_ = true;
  call_.home.Post(waiter_);
}

std::vector<FetchWait::Part>::iterator FetchWait::PartOf(const SharedFetch& fetch) {
  return std::find_if(parts_.begin(), parts_.end(),
                      [&](const Part& part) { return part.fetch == &fetch; });
}

void FetchWait::Attach(SharedFetch& fetch, size_t fetched_row, size_t row) {
  const auto part = PartOf(fetch);
  if (part != parts_.end()) {
    part->rows.emplace_back(fetched_row, row);
    return;
  }
  parts_.push_back({&fetch, fetch.waiters.size(), {{fetched_row, row}}});
  fetch.waiters.push_back(this);
}

bool FetchWait::RemoveFrom(const Part& part) {
  std::vector<FetchWait*>& waiters = part.fetch->waiters;
  FetchWait* const last = waiters.back();
  waiters.pop_back();
  if (last != this) {
    waiters[part.place] = last;
    last->PartOf(*part.fetch)->place = part.place;
  }
  return waiters.empty();
}

std::vector<size_t> FetchWait::Forget(const SharedFetch& fetch) {
  std::vector<size_t> rows;
  const auto part = PartOf(fetch);
  for (const auto& [there, here] : part->rows) rows.push_back(here);
  parts_.erase(part);
  return rows;
}

void FetchWait::Take(const SharedFetch& fetch, absl::StatusOr<FetchedFeatures>& answer,
                     bool alone) {
  const auto part = PartOf(fetch);
  if (!answer.ok()) {
    if (error_.ok()) error_ = answer.status();
  } else {
    if (!answer->error().ok() && error_.ok()) error_ = answer->error();
    if (alone && IsWhole(*part, *answer)) {
      result_ = *std::move(answer);
    } else {
      CopyRows(*part, *answer);
    }
    rows_done_ += part->rows.size();
  }
  parts_.erase(part);
  if (parts_.empty()) Wake();
}

bool FetchWait::IsWhole(const Part& part, const FetchedFeatures& answer) const {
  const size_t rows = static_cast<size_t>(request_.rows);
  if (answer.rows() != rows || part.rows.size() != rows) return false;
  for (size_t row = 0; row < rows; ++row) {
    if (part.rows[row] != std::pair(row, row)) return false;
  }
  return true;
}

void FetchWait::CopyRows(const Part& part, const FetchedFeatures& answer) {
  const size_t rows = static_cast<size_t>(request_.rows);
  const bool first = result_.rows() == 0;
  if (first) result_ = FetchedFeatures(answer.features(), rows);
  for (size_t feature = 0; feature < answer.features(); ++feature) {
    if (!request_.wanted[feature]) continue;
    // What other fetches are to bring, and may not.
    for (size_t row = 0; first && row < rows; ++row) result_.SetNotFetched(feature, row);
    for (const auto& [there, here] : part.rows) {
      result_.CopyCell(feature, here, answer, feature, there);
    }
  }
}

}  // namespace tournant
