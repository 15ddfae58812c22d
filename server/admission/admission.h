#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "admission/admission_policy.h"
#include "admission/admitted_work.h"
#include "admission/criticality.h"
#include "admission/peer_shares.h"
#include "admission/urgency.h"
#include "admission/wait_correction.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/rng.h"

namespace tournant {

// Why a call is not let in.
enum class AdmissionReject {
  kInfeasible,    // It would wait for too long to be served in time.
  kTooLate,       // Its time is shorter than its own execution.
  kUnfairShare,   // The same, as its peer has had more than its share and others go first.
  kTooManyCalls,  // In flight.
  kTooManyBytes,  // Of requests in flight.
};
inline constexpr size_t kAdmissionRejects = 5;
absl::string_view AdmissionRejectName(AdmissionReject reject);  // "too_many_calls"

// What becomes of a call that is let in.
enum class AdmissionOutcome { kOk, kFailed, kExpired, kCancelled };
inline constexpr size_t kAdmissionOutcomes = 4;
absl::string_view AdmissionOutcomeName(AdmissionOutcome outcome);  // "expired"
// Of the status that a call ends with.
AdmissionOutcome OutcomeOf(const absl::Status& status);

// The admitted work of one model version. Owned by the version and outlived by it; otherwise
// AdmissionControl's own business.
class VersionLoad {
 private:
  friend class AdmissionControl;
  AdmittedWork work_;
};

class AdmissionControl;

// A call's place among those that were let in. Empty, or given back when it dies or is computed.
// Lives in the call's frame; one thread at a time.
class AdmissionPermit {
 public:
  AdmissionPermit() = default;
  ~AdmissionPermit();
  AdmissionPermit(const AdmissionPermit&) = delete;
  AdmissionPermit& operator=(const AdmissionPermit&) = delete;
  AdmissionPermit(AdmissionPermit&& other) noexcept { *this = std::move(other); }
  AdmissionPermit& operator=(AdmissionPermit&& other) noexcept;

  // A worker took the call, which had waited from `enqueued` to `started`, and has computed it: its
  // work is done. The rest of its place is held for as long as its messages are in memory.
  void Computed(TimePoint enqueued, TimePoint started);
  // Its time ran out while it waited for a worker.
  void Expired(TimePoint enqueued, TimePoint now);
  // How the call ends, which is counted when the place is given back. Cancelled unless told.
  void End(AdmissionOutcome outcome) { outcome_ = outcome; }

  // As which it was let in.
  Urgency urgency() const { return urgency_; }

 private:
  friend class AdmissionControl;

  AdmissionControl* control_ = nullptr;
  VersionLoad* load_ = nullptr;
  Urgency urgency_;
  AdmissionOutcome outcome_ = AdmissionOutcome::kCancelled;
  size_t bucket_ = 0;          // Among all calls,
  size_t version_bucket_ = 0;  // and among those of its version.
  Duration work_{0};
  int64_t bytes_ = 0;
  Duration predicted_{0};  // Without correction.
};

// Lets in, the moment they come, the calls that can be served in time, and refuses others before
// they cost anything: nothing waits that would expire. What it goes by is the estimated computing
// time of all calls that are in, wherever they are, which it keeps itself.
//
// Owned by main; outlives its permits. Thread-safe.
class AdmissionControl {
 public:
  struct Options {
    bool by_deadline = true;  // False: the limits below alone.
    int workers = 1;
    int64_t max_calls = 65536;             // In flight; a class has its PatienceShare of them,
    int64_t max_bytes = int64_t{1} << 30;  // and of these.
    Duration max_wait = Duration::max();   // Longest predicted wait.
    uint64_t seed = 0;                     // Of the jitter in pushbacks.
  };
  explicit AdmissionControl(const Options& options) : options_(options), rng_(options.seed) {}

  struct Request {
    VersionLoad& load;
    Criticality criticality = kDefaultCriticality;
    TimePoint now;
    TimePoint deadline;
    Duration cost{0};        // Of an execution of the call alone; zero: not known yet.
    Duration batch_cost{0};  // Of an execution as large as they get; zero: as `cost`.
    Duration work{0};        // What it adds to the work of a pool that batches.
    Duration next_free{0};   // Until a worker is free, whoever waits for it.
    TimePoint last_executed = TimePoint::min();  // When one of its version began or ended last.
    // Where the version's config decides who goes first, instead of deadlines: before which others
    // of its class, the less the earlier.
    std::optional<size_t> rank{};
    bool in_order = false;    // All of its version that came before go first, whatever their class.
    int version_workers = 1;  // That may execute its version at the same time.
    int64_t bytes = 0;        // Of its request.
    // Who calls, as gRPC names him. Asked when places are getting scarce.
    absl::FunctionRef<std::string()> peer;
  };
  // Fills `permit`, which was empty. RESOURCE_EXHAUSTED (base/status.h Overloaded, with the
  // predicted wait), or DEADLINE_EXCEEDED for a call whose time is too short in any case.
  absl::Status Admit(const Request& request, AdmissionPermit& permit);

  struct ClassCounts {
    int64_t offered = 0;  // admitted + all of rejected.
    int64_t admitted = 0;
    std::array<int64_t, kAdmissionRejects> rejected{};
    std::array<int64_t, kAdmissionOutcomes> ended{};  // admitted = all of them + those in flight.
    double correction = 1;                            // Of peers within their share,
    double correction_beyond_share = 1;               // and of the others.
  };
  struct Numbers {
    std::array<ClassCounts, kCriticalities> classes;
    int64_t calls = 0;  // In flight, and the bytes of their requests.
    int64_t bytes = 0;
    Duration work{0};          // Admitted and not computed.
    Duration offered_work{0};  // Of all calls that have asked, as estimated when they did.
    size_t peers = 0;          // Among which shares are divided now.
  };
  Numbers Read() const;
  const Options& options() const { return options_; }

 private:
  friend class AdmissionPermit;

  // What is decided of a call.
  struct Judgement {
    std::optional<AdmissionReject> reject;  // Nothing: it is let in.
    AdmissionDecision decision;
    Urgency urgency;
    std::string peer;  // Empty: peers do not matter, as there is room for all.
  };
  Judgement Judge(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<AdmissionReject> OverLimits(const Request& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<AdmissionReject> OutOfTime(const Request& request, const Judgement& judgement) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  AdmissionSnapshot Snapshot(const Request& request, Urgency urgency)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enter(const Request& request, const Judgement& judgement, AdmissionPermit& permit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Refuse(const Request& request, AdmissionReject reject,
                      const AdmissionDecision& decision) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteOffer(TimePoint now, bool admitted) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Computed(AdmissionPermit& permit, TimePoint enqueued, TimePoint started);
  void Expired(const AdmissionPermit& permit, TimePoint enqueued, TimePoint now);
  void Leave(AdmissionPermit& permit);
  void ReleaseWork(AdmissionPermit& permit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  mutable Mutex mutex_;
  SeededRng rng_ ABSL_GUARDED_BY(mutex_);
  AdmittedWork all_ ABSL_GUARDED_BY(mutex_);
  int busy_versions_ ABSL_GUARDED_BY(mutex_) = 0;
  PeerShares peers_ ABSL_GUARDED_BY(mutex_);
  std::array<WaitCorrection, kUrgencies> corrections_ ABSL_GUARDED_BY(mutex_);
  std::array<ClassCounts, kCriticalities> counts_ ABSL_GUARDED_BY(mutex_);
  int64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  Duration offered_work_ ABSL_GUARDED_BY(mutex_){0};
  // Of this second, and whether in the last one more than twice as many came as were let in.
  TimePoint second_ends_ ABSL_GUARDED_BY(mutex_) = TimePoint::min();
  int64_t second_offered_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t second_admitted_ ABSL_GUARDED_BY(mutex_) = 0;
  bool flooded_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tournant
