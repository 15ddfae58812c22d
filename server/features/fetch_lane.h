#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/call_context.h"
#include "base/call_count.h"
#include "base/task.h"
#include "base/timer.h"
#include "features/coalescing_counters.h"
#include "features/feature_client.h"
#include "features/fetch_wait.h"
#include "features/shared_fetch.h"

namespace tournant {

struct CoalescingOptions {
  // Rows that are sent at once, without waiting for more. One call's rows are never split. With 1
  // nothing waits: each call's rows travel by themselves, but equal ones are still joined.
  size_t max_rows = 64;
  // How long rows wait for others while a fetch is in flight.
  Duration window = std::chrono::microseconds(500);
};

// The fetches of one plan and one set of wanted features on one loop. While nothing is in flight
// rows are sent at once; else they gather until a fetch returns, enough of them are there or the
// window has passed. A row that is gathered or in flight is joined by whoever wants it, too.
//
// Kept by its waits and its fetches, and gone with the last of them. Runs on its loop only.
class FetchLane final : public std::enable_shared_from_this<FetchLane>, private Timer {
 public:
  // What all lanes of a loop share. Outlives them.
  struct Shared {
    EventLoop& home;
    FeatureClient& next;
    CallCount& background;
    CoalescingCounters& counters;
    CoalescingOptions options;
  };

  FetchLane(const Shared& shared, const CallContext& call, const FetchRequest& request);
  FetchLane(const FetchLane&) = delete;
  FetchLane& operator=(const FetchLane&) = delete;

  const FetchPlan& plan() const { return plan_; }
  const std::vector<uint8_t>& wanted() const { return wanted_; }

  void Join(FetchWait& wait);
  // Effect only on what has not ended. A fetch that nobody waits for any more is cancelled.
  void Leave(FetchWait& wait);

 private:
  struct Place {
    SharedFetch* fetch;
    size_t row;
  };

  void OnTimer() override { Send(); }
  void Add(FetchWait& wait, size_t row);
  // After rows were added.
  void SendIfDue();
  void Send();
  static Detached Fly(std::shared_ptr<FetchLane> lane, std::shared_ptr<SharedFetch> fetch);
  void OnAnswer(SharedFetch& fetch, absl::StatusOr<FetchedFeatures> answer);
  // Those of its calls for which there is still time ask again, if the fetch has run into a
  // deadline that is earlier than theirs.
  void Renew(SharedFetch& fetch, const absl::Status& status);
  // Nobody can join it any more.
  void Forget(SharedFetch& fetch);

  const Shared& shared_;
  const Clock& clock_;
  const FetchPlan& plan_;
  const std::shared_ptr<const void> owner_;
  const std::vector<uint8_t> wanted_;
  const std::vector<size_t> key_columns_;

  std::shared_ptr<SharedFetch> gathering_;
  std::vector<std::shared_ptr<SharedFetch>> in_flight_;   // Those that can be joined.
  absl::flat_hash_map<absl::string_view, Place> places_;  // By the row keys of the fetches.
};

}  // namespace tournant
