#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/feature_provenance.h"
#include "base/mutex.h"
#include "base/task.h"
#include "models/tensor.h"
#include "pipeline/call_deadline.h"
#include "pipeline/call_home.h"
#include "pipeline/predictor.h"

namespace tournant {

// What a caller gets, free of the wire.
struct InferAnswer {
  std::string model;
  int64_t version = 0;
  std::string id;
  std::vector<NamedTensor> outputs;
  bool has_features = false;
  FeatureProvenance features;
};

// Predictions for threads that may block, such as those of the HTTP server: the call itself runs on
// an event loop like every other, with the same validation, admission, figures and record, while
// its caller's thread sleeps. How many threads may sleep here at once is for their owner to bound.
//
// Owned by main; the predictor, the clock and the loops outlive it. It ends in these steps:
//
//   StopAccepting(grace);  // later calls are UNAVAILABLE
//   End();                 // returns when no call is left; cancels those that outlast the grace
class BlockingPredictor {
 public:
  // `homes` take calls in turn; at least one.
  BlockingPredictor(Predictor& predictor, const Clock& clock, CallLimits limits,
                    const std::vector<CallHome>& homes);
  ~BlockingPredictor() { End(); }
  BlockingPredictor(const BlockingPredictor&) = delete;
  BlockingPredictor& operator=(const BlockingPredictor&) = delete;

  // Blocks until the call has ended. Any thread but a loop's. `time_left` is what the caller's
  // transport says of its deadline.
  absl::StatusOr<InferAnswer> Predict(InferRequest request, std::optional<Duration> time_left);

  // Any thread but a loop's.
  void StopAccepting(Duration grace);
  void End();

 private:
  struct Home {
    CallHome home;
    std::stop_source stop;  // Used by the loop's thread only.
  };
  struct Waiting {
    bool done = false;
    absl::Status status;
    InferAnswer answer;
  };
  // Counts a frame for as long as it lives.
  class Leaving;

  Detached Serve(Home& home, InferRequest request, Duration time, Waiting& waiting);

  Predictor& predictor_;
  const Clock& clock_;
  const CallLimits limits_;
  std::deque<Home> homes_;  // Constant in number and place.

  Mutex mutex_;
  CondVar changed_;  // A call has ended, or none will be accepted any more.
  size_t next_home_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  TimePoint patience_ ABSL_GUARDED_BY(mutex_);  // Until when calls may go on.
};

}  // namespace tournant
