#include "status/calls_in_flight_report.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/mutex.h"
#include "base/run_on_loop.h"

namespace tournant {
namespace {

using Call = CallsInFlight::Call;

// A loop that takes longer hangs, and the page is to say so.
constexpr std::chrono::milliseconds kPatience{500};

// Shared with the loops, of which one may answer when nobody waits any more.
struct Answers {
  Mutex mutex;
  CondVar changed;
  std::vector<Call> calls ABSL_GUARDED_BY(mutex);
  size_t loops ABSL_GUARDED_BY(mutex) = 0;
};

void Ask(const CallHome& home, const Clock& clock, const std::shared_ptr<Answers>& answers) {
  RunOnLoop(*home.loop, [in_flight = home.in_flight, &clock, answers] {
    std::vector<Call> calls = in_flight->Oldest(CallsInFlightReport::kMost, clock.Now());
    MutexLock lock(answers->mutex);
    std::move(calls.begin(), calls.end(), std::back_inserter(answers->calls));
    ++answers->loops;
    answers->changed.Signal();
  });
}

}  // namespace

std::string CallsInFlightReport::StatusJson() const {
  using Json = nlohmann::ordered_json;
  const auto answers = std::make_shared<Answers>();
  for (const CallHome& home : homes_) Ask(home, clock_, answers);
  std::vector<Call> calls;
  size_t silent = 0;
  {
    MutexLock lock(answers->mutex);
    while (answers->loops < homes_.size() && answers->changed.WaitFor(answers->mutex, kPatience)) {
    }
    silent = homes_.size() - answers->loops;
    calls.swap(answers->calls);
  }
  std::sort(calls.begin(), calls.end(), [](const Call& a, const Call& b) { return a.age > b.age; });
  calls.resize(std::min(calls.size(), kMost));
  Json status = {{"oldest", Json::array()}, {"silent_loops", silent}};
  for (const Call& call : calls) {
    status["oldest"].push_back({{"model", call.model},
                                {"version", call.version},
                                {"id", call.id},
                                {"phase", std::string(PhaseName(call.phase))},
                                {"age_seconds", std::chrono::duration<double>(call.age).count()},
                                {"rows", call.rows}});
  }
  return status.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tournant
