#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/call_context.h"
#include "base/task.h"
#include "fakes/manual_clock.h"
#include "fakes/manual_loop.h"
#include "features/feature_client.h"
#include "features/puppet_store.h"

namespace tournant {

// Calls on one manual loop that fetch features through a client, each in a frame of its own as in
// the server: what it asked for is gone when it has its answer.
class FetchingCalls {
 public:
  struct Call {
    std::stop_source stop;
    std::optional<absl::StatusOr<FetchedFeatures>> result;

    bool done() const { return result.has_value(); }
    absl::Status status() const { return result->status(); }
    double value(size_t feature, size_t row = 0) const {
      return (*result)->element(feature, row, 0).floating;
    }
    CellState state(size_t feature, size_t row = 0) const { return (*result)->state(feature, row); }
  };

  FetchingCalls(ManualClock& clock, ManualLoop& loop, FeatureClient& client,
                std::shared_ptr<const FetchPlan> plan)
      : clock_(clock), loop_(loop), client_(client), plan_(std::move(plan)) {}

  // Rows by their text keys; the integer key of each is 0.
  Call& Start(std::vector<std::string> keys, Duration timeout = std::chrono::milliseconds(50),
              std::vector<uint8_t> wanted = {1, 1, 0}) {
    Call& call = calls_.emplace_back();
    Run(*this, call, std::move(keys), clock_.Now() + timeout, std::move(wanted));
    return call;
  }
  void set_plan(std::shared_ptr<const FetchPlan> plan) { plan_ = std::move(plan); }

  std::deque<Call>& calls() { return calls_; }

 private:
  static Detached Run(FetchingCalls& self, Call& call, std::vector<std::string> keys,
                      TimePoint deadline, std::vector<uint8_t> wanted) {
    const std::shared_ptr<const FetchPlan> plan = self.plan_;
    CallPhase phase(self.clock_, nullptr);
    const CallContext context{self.loop_, self.clock_, deadline + std::chrono::seconds(1),
                              call.stop.get_token(), phase};
    std::vector<KeyColumn> columns(2);
    columns[0].type = ValueType::kString;
    columns[1].type = ValueType::kInt64;
    for (const std::string& key : keys) {
      columns[0].texts.push_back(key);
      columns[1].integers.push_back(0);
    }
    const FetchRequest request{*plan,    columns, wanted, static_cast<int64_t>(keys.size()),
                               deadline, plan};
    absl::StatusOr<FetchedFeatures> result = co_await self.client_.Fetch(context, request);
    call.result.emplace(std::move(result));
  }

  ManualClock& clock_;
  ManualLoop& loop_;
  FeatureClient& client_;
  std::shared_ptr<const FetchPlan> plan_;
  std::deque<Call> calls_;
};

}  // namespace tournant
