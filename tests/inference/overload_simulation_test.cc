// Admission, queue and batching together on a simulated clock: calls of many kinds come at random
// times to one worker that computes exactly as long as its cost model says. Hours of overload take
// a moment, and no machine disturbs them.

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admission/admission.h"
#include "base/rng.h"
#include "inference/batching_policy.h"
#include "inference/model_queue.h"
#include "inference/queue_jobs.h"

namespace tournant {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Kind {
  std::string name;
  double per_second = 0;
  Duration patience{0};
  Criticality criticality = kDefaultCriticality;
  std::string peer = "ipv4:1.1.1.1:1";
  Duration features{0};  // Waits so long for them first.
};

struct Outcome {
  int64_t offered = 0;
  int64_t refused = 0;
  int64_t in_time = 0;
  int64_t late = 0;  // Let in, and not served in time.

  double served() const { return static_cast<double>(in_time) / static_cast<double>(offered); }
};

struct Speed {
  Duration fixed;
  Duration row;
  int64_t max_batch = 0;

  Duration Of(int64_t rows) const { return fixed + row * rows; }
  double most_per_second() const {
    const int64_t rows = std::max<int64_t>(1, max_batch);
    return static_cast<double>(rows) * 1e9 / static_cast<double>(Of(rows).count());
  }
};

class Simulation {
 public:
  explicit Simulation(const Speed& speed) : speed_(speed), queue_(Config(speed), 1, {}) {
    for (int i = 0; i < 20; ++i) {
      for (const int64_t rows : {int64_t{1}, std::max<int64_t>(1, speed.max_batch)}) {
        queue_.cost().Learn(rows, speed.Of(rows));
      }
    }
    queue_.NoteExecuted(now_);
  }

  // Outcomes by name of what came in the time after a first tenth.
  std::map<std::string, Outcome> Run(const std::vector<Kind>& kinds, Duration length) {
    const TimePoint counted_from = now_ + length / 10;
    const TimePoint end = now_ + length;
    std::vector<TimePoint> due;
    for (const Kind& kind : kinds) due.push_back(now_ + Gap(kind));
    std::map<std::string, Outcome> outcomes;
    for (;;) {
      const auto first = std::min_element(due.begin(), due.end());
      const TimePoint next = std::min(
          {*first, busy_until_, ready_.empty() ? TimePoint::max() : ready_.begin()->first});
      if (next >= end) break;
      now_ = next;
      if (busy_until_ == now_) {
        Finish(counted_from, outcomes);
      } else if (!ready_.empty() && ready_.begin()->first == now_) {
        Enqueue(ready_.begin()->second);
        ready_.erase(ready_.begin());
      } else {
        const auto which = static_cast<size_t>(first - due.begin());
        Arrive(kinds[which], counted_from, outcomes);
        *first = now_ + Gap(kinds[which]);
      }
      Start(counted_from, outcomes);
    }
    return outcomes;
  }

  double wasted_share() const { return computed_ > 0 ? wasted_ / computed_ : 0; }
  AdmissionControl::Numbers numbers() const { return control_.Read(); }

 private:
  struct Call {
    std::string kind;
    TimePoint came;
    AdmissionPermit permit;
    std::shared_ptr<InferenceJob> job;
  };

  static ModelConfig Config(const Speed& speed) {
    ModelConfig config = BatchConfig();
    config.max_batch_size = speed.max_batch;
    return config;
  }

  Duration Gap(const Kind& kind) {
    const double uniform = (static_cast<double>(rng_.Next() >> 11) + 1) / 9007199254740993.0;
    return Duration(static_cast<int64_t>(-std::log(uniform) / kind.per_second * 1e9) + 1);
  }

  void Arrive(const Kind& kind, TimePoint counted_from, std::map<std::string, Outcome>& outcomes) {
    const bool counts = now_ >= counted_from;
    if (counts) ++outcomes[kind.name].offered;
    auto call = std::make_shared<Call>();
    const auto peer = [&kind] { return kind.peer; };
    const Duration busy = busy_until_ == TimePoint::max() ? Duration::zero() : busy_until_ - now_;
    const absl::Status admitted =
        control_.Admit({.load = queue_.load(),
                        .criticality = kind.criticality,
                        .now = now_,
                        .deadline = now_ + kind.patience,
                        .cost = queue_.cost().EstimateCost(1),
                        .batch_cost = queue_.cost().EstimateCost(queue_.BatchRows()),
                        .work = queue_.ShareOfBatch(1),
                        .next_free = busy,
                        .last_executed = queue_.last_executed(),
                        .peer = peer},
                       call->permit);
    if (!admitted.ok()) {
      if (counts) ++outcomes[kind.name].refused;
      return;
    }
    call->kind = kind.name;
    call->came = now_;
    call->job = std::make_shared<InferenceJob>();
    call->job->deadline = now_ + kind.patience;
    call->job->urgency = call->permit.urgency();
    if (kind.features > Duration::zero()) {
      ready_.emplace(now_ + kind.features, call);
    } else {
      Enqueue(call);
    }
  }

  void Enqueue(const std::shared_ptr<Call>& call) {
    std::shared_ptr<InferenceJob> job = call->job;
    std::shared_ptr<InferenceJob> evicted;
    queue_.Admit(*job, now_);
    job->accepted = call->came;
    calls_[job.get()] = call;
    ASSERT_TRUE(queue_.Push(job, "", evicted));
  }

  void Start(TimePoint counted_from, std::map<std::string, Outcome>& outcomes) {
    while (busy_until_ == TimePoint::max() && !queue_.empty()) {
      batch_.Clear();
      queue_.Take(DecideBatch(queue_.Snapshot(now_)).max_rows, now_, &standing_, batch_);
      for (const auto* list : {&batch_.expired, &batch_.hopeless, &batch_.shed}) {
        for (const auto& job : *list) {
          calls_[job.get()]->permit.Expired(job->enqueued, now_);
          End(*job, /*in_time=*/false, counted_from, outcomes);
        }
      }
      if (batch_.jobs.empty()) continue;
      started_ = now_;
      busy_until_ = now_ + speed_.Of(static_cast<int64_t>(batch_.jobs.size()));
    }
  }

  void Finish(TimePoint counted_from, std::map<std::string, Outcome>& outcomes) {
    const auto rows = static_cast<int64_t>(batch_.jobs.size());
    busy_until_ = TimePoint::max();
    queue_.NoteExecuted(now_);
    queue_.cost().Learn(rows, now_ - started_);
    const double each = static_cast<double>((now_ - started_).count()) / static_cast<double>(rows);
    for (const auto& job : batch_.jobs) {
      const bool in_time = now_ <= job->deadline;
      computed_ += each;
      if (!in_time) wasted_ += each;
      if (in_time) calls_[job.get()]->permit.Computed(job->enqueued, started_);
      End(*job, in_time, counted_from, outcomes);
    }
    batch_.Clear();
  }

  void End(const InferenceJob& job, bool in_time, TimePoint counted_from,
           std::map<std::string, Outcome>& outcomes) {
    Call& call = *calls_[&job];
    call.permit.End(in_time ? AdmissionOutcome::kOk : AdmissionOutcome::kExpired);
    Outcome& outcome = outcomes[call.kind];
    if (call.came >= counted_from) ++(in_time ? outcome.in_time : outcome.late);
    calls_.erase(&job);
  }

  const Speed speed_;
  SeededRng rng_{7};
  AdmissionControl control_{AdmissionControl::Options()};
  ModelQueue queue_;
  StandingQueue standing_;
  TimePoint now_ = kNow;
  TimePoint started_;
  TimePoint busy_until_ = TimePoint::max();  // max: it has nothing to do.
  TakenBatch batch_;
  std::multimap<TimePoint, std::shared_ptr<Call>> ready_;  // When their features come.
  std::map<const InferenceJob*, std::shared_ptr<Call>> calls_;
  double computed_ = 0;
  double wasted_ = 0;
};

constexpr Speed kSingle{milliseconds(10), milliseconds(0), 0};
constexpr Speed kBatching{microseconds(2400), microseconds(600), 64};

struct Load {
  std::string name;
  Speed speed;
  milliseconds patience;
  double times;
  double least;  // Of the most that the worker can do, in time.
};

class Overload : public ::testing::TestWithParam<Load> {};

TEST_P(Overload, DeliversWhatItCanAndWastesNothing) {
  const Load& load = GetParam();
  Simulation simulation(load.speed);
  const double most = load.speed.most_per_second();
  const auto length =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(8'000 / most));
  const Outcome outcome =
      simulation.Run({{"all", most * load.times, load.patience}}, length)["all"];
  const double seconds_counted = 0.9 * std::chrono::duration<double>(length).count();
  EXPECT_GE(static_cast<double>(outcome.in_time) / seconds_counted, load.least * most);
  EXPECT_LE(static_cast<double>(outcome.late),
            0.01 * static_cast<double>(outcome.offered - outcome.refused));
  EXPECT_LE(simulation.wasted_share(), 0.02);
  const auto counts = simulation.numbers().classes[IndexOf(kDefaultCriticality)];
  int64_t ended = simulation.numbers().calls;
  for (const int64_t count : counts.ended) ended += count;
  EXPECT_EQ(counts.admitted, ended);
}

INSTANTIATE_TEST_SUITE_P(
    All, Overload,
    ::testing::Values(Load{"SingleTwice", kSingle, milliseconds(100), 2, 0.95},
                      Load{"SingleTenTimes", kSingle, milliseconds(100), 10, 0.97},
                      Load{"SingleTwentyTimes", kSingle, milliseconds(100), 20, 0.97},
                      Load{"SinglePatientTenTimes", kSingle, milliseconds(2000), 10, 0.97},
                      Load{"BatchingTwice", kBatching, milliseconds(200), 2, 0.95},
                      Load{"BatchingTenTimes", kBatching, milliseconds(200), 10, 0.95},
                      Load{"BatchingHurriedTwice", kBatching, milliseconds(60), 2, 0.8},
                      Load{"BatchingHurriedTenTimes", kBatching, milliseconds(60), 10, 0.8}),
    [](const auto& tested) { return tested.param.name; });

TEST(OverloadSimulation, CriticalCallsDoNotNoticeTenTimesTheLoadOfSheddableOnes) {
  const Kind critical{"critical", 80, milliseconds(300)};
  const Kind sheddable{"sheddable", 920, milliseconds(300), Criticality::kSheddable};
  const double alone = Simulation(kSingle).Run({critical}, seconds(100))["critical"].served();
  auto among = Simulation(kSingle).Run({critical, sheddable}, seconds(100));
  EXPECT_GE(among["critical"].served(), alone - 0.005);
  EXPECT_GT(among["sheddable"].in_time, 0) << "what is left is theirs";
}

TEST(OverloadSimulation, APeerWithinItsShareDoesNotNoticeOneThatFloods) {
  const Kind quiet{"quiet", 30, milliseconds(100), kDefaultCriticality, "ipv4:2.2.2.2:1"};
  const Kind flood{"flood", 2000, milliseconds(100)};
  auto outcomes = Simulation(kSingle).Run({quiet, flood}, seconds(100));
  EXPECT_GE(outcomes["quiet"].served(), 0.99);
  const double all = static_cast<double>(outcomes["quiet"].in_time + outcomes["flood"].in_time);
  EXPECT_GE(all / (0.9 * 100), 97) << "and the flood has the rest";
}

TEST(OverloadSimulation, CallsThatWaitLongForFeaturesDoNotShutOutOthers) {
  const Kind plain{"plain", 50, milliseconds(100)};
  const Kind slow{"slow",          20, milliseconds(1000), kDefaultCriticality, "ipv4:1.1.1.1:1",
                  milliseconds(80)};
  Kind fast = slow;
  fast.features = milliseconds(1);
  const double beside_fast = Simulation(kSingle).Run({plain, fast}, seconds(100))["plain"].served();
  const double beside_slow = Simulation(kSingle).Run({plain, slow}, seconds(100))["plain"].served();
  EXPECT_GE(beside_slow, beside_fast - 0.02);
}

TEST(OverloadSimulation, NormalAgainWithinASecond) {
  Simulation simulation(kSingle);
  const std::vector<Kind> normal = {{"normal", 60, milliseconds(100)}};
  const double before = simulation.Run(normal, seconds(50))["normal"].served();
  simulation.Run({{"flood", 1000, milliseconds(100)}}, seconds(10));
  // The first tenth is not counted: a second.
  EXPECT_GE(simulation.Run(normal, seconds(10))["normal"].served(), before - 0.01);
}

}  // namespace
}  // namespace tournant
