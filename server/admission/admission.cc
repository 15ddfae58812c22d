#include "admission/admission.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/pushback.h"
#include "base/status.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;

// From such a part of the admissible work on it matters who calls. Then the last eighth of the time
// that a call may wait is left to newcomers, so that they find room where one has taken all it
// could.
constexpr int kScarceParts = 8;

int64_t Milliseconds(Duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration).count();
}

size_t RankBucket(size_t rank) { return std::min(rank, AdmittedWork::kBuckets - 1); }

absl::string_view ReasonOf(AdmissionReject reject) {
  constexpr std::array<absl::string_view, kAdmissionRejects> kReasons = {
      "WOULD_WAIT_TOO_LONG", "TIME_TOO_SHORT", "UNFAIR_SHARE", "TOO_MANY_CALLS", "TOO_MANY_BYTES"};
  return kReasons[static_cast<size_t>(reject)];
}

}  // namespace

absl::string_view AdmissionRejectName(AdmissionReject reject) {
  constexpr std::array<absl::string_view, kAdmissionRejects> kNames = {
      "infeasible", "too_late", "unfair_share", "too_many_calls", "too_many_bytes"};
  return kNames[static_cast<size_t>(reject)];
}

absl::string_view AdmissionOutcomeName(AdmissionOutcome outcome) {
  constexpr std::array<absl::string_view, kAdmissionOutcomes> kNames = {"ok", "failed", "expired",
                                                                        "cancelled"};
  return kNames[static_cast<size_t>(outcome)];
}

AdmissionOutcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return AdmissionOutcome::kOk;
  if (absl::IsDeadlineExceeded(status)) return AdmissionOutcome::kExpired;
  if (absl::IsCancelled(status)) return AdmissionOutcome::kCancelled;
  return AdmissionOutcome::kFailed;
}

AdmissionPermit::~AdmissionPermit() {
  if (control_ != nullptr) control_->Leave(*this);
}

AdmissionPermit& AdmissionPermit::operator=(AdmissionPermit&& other) noexcept {
  if (this == &other) return *this;
  if (control_ != nullptr) control_->Leave(*this);
  control_ = std::exchange(other.control_, nullptr);
  load_ = other.load_;
  urgency_ = other.urgency_;
  outcome_ = other.outcome_;
  bucket_ = other.bucket_;
  version_bucket_ = other.version_bucket_;
  work_ = other.work_;
  bytes_ = other.bytes_;
  predicted_ = other.predicted_;
  return *this;
}

void AdmissionPermit::Computed(TimePoint enqueued, TimePoint started) {
  if (control_ != nullptr) control_->Computed(*this, enqueued, started);
}

void AdmissionPermit::Expired(TimePoint enqueued, TimePoint now) {
  if (control_ != nullptr) control_->Expired(*this, enqueued, now);
}

absl::Status AdmissionControl::Admit(const Request& request, AdmissionPermit& permit) {
  MutexLock lock(mutex_);
  ClassCounts& counts = counts_[IndexOf(request.criticality)];
  ++counts.offered;
  offered_work_ += request.work;
  const Judgement judgement = Judge(request);
  // One whose time is too short in any case says nothing of how much comes.
  if (judgement.reject != AdmissionReject::kTooLate) NoteOffer(request.now, !judgement.reject);
  if (judgement.reject) {
    ++counts.rejected[static_cast<size_t>(*judgement.reject)];
    return Refuse(request, *judgement.reject, judgement.decision);
  }
  ++counts.admitted;
  Enter(request, judgement, permit);
  return absl::OkStatus();
}

AdmissionControl::Judgement AdmissionControl::Judge(const Request& request) {
  Judgement judgement;
  judgement.urgency.criticality = request.criticality;
  AdmissionSnapshot snapshot = Snapshot(request, judgement.urgency);
  judgement.decision = DecideAdmission(snapshot);
  judgement.reject = OverLimits(request);
  if (judgement.reject || !options_.by_deadline) return judgement;
  if (all_.total() * kScarceParts >= AdmissibleWork(snapshot, judgement.decision)) {
    judgement.peer = std::string(WithoutPort(request.peer()));
    const PeerShares::Standing standing = peers_.See(judgement.peer, request.now);
    judgement.urgency.beyond_share = standing.beyond_share;
    if (standing.beyond_share) snapshot = Snapshot(request, judgement.urgency);
    snapshot.leaves_room = !standing.newcomer;
    judgement.decision = DecideAdmission(snapshot);
  }
  judgement.reject = OutOfTime(request, judgement);
  return judgement;
}

std::optional<AdmissionReject> AdmissionControl::OverLimits(const Request& request) const {
  const double share = PatienceShare(request.criticality);
  if (static_cast<double>(calls_) >= share * static_cast<double>(options_.max_calls)) {
    return AdmissionReject::kTooManyCalls;
  }
  // One that is alone may be as large as a message may be.
  if (bytes_ > 0 && static_cast<double>(bytes_ + request.bytes) >
                        share * static_cast<double>(options_.max_bytes)) {
    return AdmissionReject::kTooManyBytes;
  }
  return std::nullopt;
}

std::optional<AdmissionReject> AdmissionControl::OutOfTime(const Request& request,
                                                           const Judgement& judgement) const {
  switch (judgement.decision.verdict) {
    case AdmissionVerdict::kAdmit:
      return std::nullopt;
    case AdmissionVerdict::kTooLate:
      if (request.load.work_.total() > Duration::zero() ||
          (request.last_executed != TimePoint::min() &&
           request.now < request.last_executed + ProbeAfter(request.cost))) {
        return AdmissionReject::kTooLate;
      }
      return std::nullopt;
    case AdmissionVerdict::kInfeasible:
      break;
  }
  return judgement.urgency.beyond_share ? AdmissionReject::kUnfairShare
                                        : AdmissionReject::kInfeasible;
}

AdmissionSnapshot AdmissionControl::Snapshot(const Request& request, Urgency urgency) {
  AdmissionSnapshot snapshot;
  snapshot.criticality = request.criticality;
  snapshot.patience = std::max(request.deadline - request.now, Duration::zero());
  snapshot.cost = request.cost;
  snapshot.batch_cost = std::max(request.batch_cost, request.cost);
  const size_t bucket = AdmittedWork::BucketOf(snapshot.patience);
  const AdmittedWork& own = request.load.work_;
  snapshot.ahead_of_version =
      request.in_order ? own.total()
                       : own.Ahead(urgency, request.rank ? RankBucket(*request.rank) : bucket);
  snapshot.next_free = request.next_free;
  snapshot.ahead_of_all = all_.Ahead(urgency, bucket);
  snapshot.busy_versions = busy_versions_ + (own.total() > Duration::zero() ? 0 : 1);
  snapshot.workers = options_.workers;
  snapshot.version_workers = request.version_workers;
  snapshot.correction = corrections_[IndexOf(urgency)].FactorAt(request.now);
  snapshot.max_wait = options_.max_wait;
  return snapshot;
}

void AdmissionControl::Enter(const Request& request, const Judgement& judgement,
                             AdmissionPermit& permit) {
  permit.control_ = this;
  permit.load_ = &request.load;
  permit.urgency_ = judgement.urgency;
  permit.bucket_ = AdmittedWork::BucketOf(request.deadline - request.now);
  permit.version_bucket_ = request.rank ? RankBucket(*request.rank) : permit.bucket_;
  permit.work_ = request.work;
  permit.bytes_ = request.bytes;
  permit.predicted_ = judgement.decision.uncorrected;
  ++calls_;
  bytes_ += request.bytes;
  if (request.work <= Duration::zero()) return;
  if (request.load.work_.total() == Duration::zero()) ++busy_versions_;
  request.load.work_.Add(permit.urgency_, permit.version_bucket_, request.work);
  all_.Add(permit.urgency_, permit.bucket_, request.work);
  if (!judgement.peer.empty()) peers_.Add(judgement.peer, request.work);
}

absl::Status AdmissionControl::Refuse(const Request& request, AdmissionReject reject,
                                      const AdmissionDecision& decision) {
  const int64_t wait = Milliseconds(decision.wait);
  std::string text;
  switch (reject) {
    case AdmissionReject::kTooLate:
      return absl::DeadlineExceededError(
          absl::StrCat("the model takes about ", Milliseconds(request.cost),
                       " ms, longer than the call's deadline allows"));
    case AdmissionReject::kInfeasible:
      text = absl::StrCat("the call would wait for ", wait, " ms, and may wait for ",
                          Milliseconds(decision.may_wait));
      break;
    case AdmissionReject::kUnfairShare:
      text = absl::StrCat("this caller has had its share (", peers_.active(),
                          " callers), and would wait for ", wait, " ms, and may wait for ",
                          Milliseconds(decision.may_wait));
      break;
    case AdmissionReject::kTooManyCalls:
      text = absl::StrCat(calls_, " calls are in flight");
      break;
    case AdmissionReject::kTooManyBytes:
      text = absl::StrCat("requests of ", bytes_, " bytes are in flight");
      break;
  }
  absl::StrAppend(&text, " (", CriticalityName(request.criticality), ")");
  milliseconds retry_after = kNever;
  // Where twice as much comes as can be served, or of what can be done without, a second attempt
  // only makes it worse.
  if (!flooded_ && request.criticality < Criticality::kSheddablePlus) {
    retry_after = Pushback(decision.wait - decision.may_wait, rng_);
  }
  return Overloaded(ReasonOf(reject), retry_after, text, decision.wait);
}

void AdmissionControl::NoteOffer(TimePoint now, bool admitted) {
  if (now >= second_ends_) {
    // Of a second that is long over nothing is known.
    flooded_ =
        now < second_ends_ + std::chrono::seconds(1) && second_offered_ > 2 * second_admitted_;
    second_offered_ = second_admitted_ = 0;
    second_ends_ = now + std::chrono::seconds(1);
  }
  ++second_offered_;
  if (admitted) ++second_admitted_;
}

void AdmissionControl::Computed(AdmissionPermit& permit, TimePoint enqueued, TimePoint started) {
  MutexLock lock(mutex_);
  corrections_[IndexOf(permit.urgency_)].Observe(started, permit.predicted_, started - enqueued);
  ReleaseWork(permit);
}

void AdmissionControl::Expired(const AdmissionPermit& permit, TimePoint enqueued, TimePoint now) {
  MutexLock lock(mutex_);
  // It would have waited for longer still.
  corrections_[IndexOf(permit.urgency_)].Observe(now, permit.predicted_, now - enqueued);
}

void AdmissionControl::Leave(AdmissionPermit& permit) {
  MutexLock lock(mutex_);
  ReleaseWork(permit);
  ++counts_[IndexOf(permit.urgency_.criticality)].ended[static_cast<size_t>(permit.outcome_)];
  --calls_;
  bytes_ -= permit.bytes_;
  permit.control_ = nullptr;
}

void AdmissionControl::ReleaseWork(AdmissionPermit& permit) {
  if (permit.work_ <= Duration::zero()) return;
  permit.load_->work_.Remove(permit.urgency_, permit.version_bucket_, permit.work_);
  all_.Remove(permit.urgency_, permit.bucket_, permit.work_);
  if (permit.load_->work_.total() == Duration::zero()) --busy_versions_;
  permit.work_ = Duration::zero();
}

AdmissionControl::Numbers AdmissionControl::Read() const {
  MutexLock lock(mutex_);
  Numbers numbers;
  numbers.classes = counts_;
  for (const Criticality criticality : kAllCriticalities) {
    ClassCounts& counts = numbers.classes[IndexOf(criticality)];
    counts.correction = corrections_[IndexOf(Urgency{criticality, false})].last_factor();
    counts.correction_beyond_share =
        corrections_[IndexOf(Urgency{criticality, true})].last_factor();
  }
  numbers.calls = calls_;
  numbers.bytes = bytes_;
  numbers.work = all_.total();
  numbers.offered_work = offered_work_;
  numbers.peers = peers_.active();
  return numbers;
}

}  // namespace tournant
