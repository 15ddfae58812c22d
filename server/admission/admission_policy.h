#pragma once

#include "admission/criticality.h"
#include "base/clock.h"

namespace tournant {

// Whether a call can be served in time, from what is known the moment it comes. Pure functions;
// AdmissionControl is the shell around them.
struct AdmissionSnapshot {
  Criticality criticality = kDefaultCriticality;
  Duration patience{0};    // Until the call's deadline.
  Duration cost{0};        // Of an execution of the call alone; zero: not known yet.
  Duration batch_cost{0};  // Of one as large as they get; at least `cost`.
  // Estimated computing time that goes before the call: of its own version, and of all of them.
  Duration ahead_of_version{0};
  Duration ahead_of_all{0};
  Duration next_free{0};    // Until a worker has ended what it executes, whatever that is.
  int busy_versions = 1;    // Versions that have such work, or are the call's.
  int workers = 1;          // Of the pool.
  int version_workers = 1;  // Of those, how many may execute this version at the same time.
  // How much longer waits have been than they were predicted to be; 1: as long.
  double correction = 1;
  Duration max_wait = Duration::max();  // That the operator allows.
  bool leaves_room = false;  // The last eighth of the time that it may wait is for others.
};

enum class AdmissionVerdict {
  kAdmit,
  kTooLate,     // Its time is shorter than its own execution, whoever waits.
  kInfeasible,  // It would wait for too long.
};

struct AdmissionDecision {
  AdmissionVerdict verdict = AdmissionVerdict::kAdmit;
  Duration wait{0};         // Predicted, until a worker takes the call.
  Duration may_wait{0};     // The longest with which the call is let in.
  Duration uncorrected{0};  // `wait` as the correction learns from it.
};

// The wait is the work ahead over the workers, and at least as long as each of them is busy.
// Workers are shared fairly between versions, so that a version has its share of them however much
// waits for others; and no more than the config allows.
//
// A call that finds nothing ahead of it is let in if its time is as long as its execution. Another
// may wait, by its class, for a part of the time that is left after the execution of the batch that
// it will be in, which is made of what waits before it and is no larger than batches get, and a
// margin of 1 ms and 5 % (reference/reliability.md 2.2).
AdmissionDecision DecideAdmission(const AdmissionSnapshot& snapshot);

// A version that has executed nothing for so long may be faster than it is remembered to be: one
// call that it would take too long for finds out. Not more often than for a twentieth of a worker's
// time. `cost`: as it is remembered.
Duration ProbeAfter(Duration cost);

// How much work may be ahead of the call, all in all, for it to be served in time.
Duration AdmissibleWork(const AdmissionSnapshot& snapshot, const AdmissionDecision& decision);

}  // namespace tournant
