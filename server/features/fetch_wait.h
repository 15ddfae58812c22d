#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/timer.h"
#include "features/feature_client.h"
#include "features/fetched_features.h"

namespace tournant {

class FetchLane;
struct SharedFetch;

// co_await FetchWait(lane, call, request): one call's wait for the shared fetches that its rows are
// in. Ends when all of them have, at the request's deadline, or when the call is cancelled; the
// fetches go on for those who still wait. Lives in the call's frame, on the call's loop.
class FetchWait final : public Timer {
 public:
  FetchWait(FetchLane& lane, const CallContext& call, const FetchRequest& request)
      : lane_(lane), call_(call), request_(request) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  // What came, or an error if nothing did.
  absl::StatusOr<FetchedFeatures> await_resume();

  // For the lane.
  const FetchRequest& request() const { return request_; }
  const CallContext& call() const { return call_; }
  // This call's `row` is the row `fetched_row` of `fetch`, which knows of this wait from now on.
  void Attach(SharedFetch& fetch, size_t fetched_row, size_t row);
  // The call forgets `fetch`. The rows of this call that were in it.
  std::vector<size_t> Forget(const SharedFetch& fetch);
  // The call waits for nothing any more. Calls `abandoned` with each fetch that nobody else waits
  // for.
  template <class Visit>
  void Leave(Visit abandoned) {
    for (const Part& part : std::exchange(parts_, {})) {
      if (RemoveFrom(part)) abandoned(*part.fetch);
    }
  }
  // `fetch` has ended; `alone`: nobody else wants its answer.
  void Take(const SharedFetch& fetch, absl::StatusOr<FetchedFeatures>& answer, bool alone);

 private:
  // The rows of this call that are in one fetch.
  struct Part {
    SharedFetch* fetch;
    size_t place;                                 // Of this wait among those of the fetch.
    std::vector<std::pair<size_t, size_t>> rows;  // There and here.
  };
  struct OnCancel {
    FetchWait* self;
    void operator()() const { self->Wake(); }
  };

  void OnTimer() override { Wake(); }
  // Resumes the call, later: this may run inside request_stop() or while the lane is at work.
  void Wake();
  std::vector<Part>::iterator PartOf(const SharedFetch& fetch);
  // This wait out of those of a fetch, however many they are. True: it was the last one.
  bool RemoveFrom(const Part& part);
  // Whether the answer to the fetch of `part` is the answer to this call as it is.
  bool IsWhole(const Part& part, const FetchedFeatures& answer) const;
  void CopyRows(const Part& part, const FetchedFeatures& answer);

  FetchLane& lane_;
  const CallContext& call_;
  const FetchRequest& request_;
  std::coroutine_handle<> waiter_;
  bool woken_ = false;
  std::optional<std::stop_callback<OnCancel>> on_cancel_;

  std::vector<Part> parts_;  // Of the fetches that have not ended.
  FetchedFeatures result_;
  size_t rows_done_ = 0;
  absl::Status error_;  // Of the first fetch that failed.
};

}  // namespace tournant
