#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
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
#include "telemetry/caller_trace.h"
#include "telemetry/tracer.h"

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

// What a call's transport says of it besides its request.
struct CallArrival {
  std::optional<Duration> time_left = std::nullopt;  // Of its deadline; nothing: it has none.
  CallerTrace trace = {};
  // Why the request cannot be read: the call ends with it at once, and is seen as every other.
  absl::Status unreadable = absl::OkStatus();
};

// Makes a transport's message of an answer: what it returns is what the call ends with.
using AnswerEncoder = std::function<absl::Status(const InferAnswer&)>;

// Predictions for threads that may block, such as those of the HTTP server: the call itself runs on
// an event loop like every other, with the same validation, admission, figures, spans, log lines
// and record, while its caller's thread sleeps. How many threads may sleep here at once is for
// their owner to bound.
//
// Owned by main; the predictor, the clock and the loops outlive it. It ends in these steps:
//
//   StopAccepting(grace);  // later calls are UNAVAILABLE
//   End();                 // returns when no call is left; cancels those that outlast the grace
class BlockingPredictor {
 public:
  struct Options {
    CallLimits limits = {};
    Duration slow_call{0};  // From which on an answered call gets a line in the log; zero: never.
    Tracer* tracer = nullptr;  // Null: calls are not recorded, traces are only passed on.
    // What spans and log lines call all of these calls, and whether that is a method and route of
    // HTTP's (see CallTrace::Summary).
    std::string method;
    bool http = false;
  };

  // `homes` take calls in turn; at least one.
  BlockingPredictor(Predictor& predictor, const Clock& clock, Options options,
                    const std::vector<CallHome>& homes);
  ~BlockingPredictor() { End(); }
  BlockingPredictor(const BlockingPredictor&) = delete;
  BlockingPredictor& operator=(const BlockingPredictor&) = delete;

  // Blocks until the call has ended. `encode` takes the answer while the call is in the phase
  // Responding, on this thread: a large answer does not hold up a loop. What it throws ends the
  // call as INTERNAL, and comes out of here. Any thread but a loop's.
  absl::StatusOr<InferAnswer> Predict(InferRequest request, CallArrival arrival,
                                      const AnswerEncoder& encode = nullptr);

  // Any thread but a loop's.
  void StopAccepting(Duration grace);
  void End();

 private:
  struct Home {
    CallHome home;
    std::stop_source stop;  // Used by the loop's thread only.
  };
  // What a call and the thread that waits for it have in common.
  struct Waiting {
    const bool encodes;
    std::coroutine_handle<> encoding = nullptr;  // Set: the call waits for its answer's encoder.
    bool done = false;
    absl::Status status = absl::OkStatus();
    InferAnswer answer = {};
  };
  // Counts a frame for as long as it lives.
  class Leaving;
  // Lets the thread that waits encode the answer. Gives what the call ends with.
  class Encoding;

  std::coroutine_handle<> WaitForEncodingOrEnd(Waiting& waiting);
  Detached Serve(Home& home, InferRequest request, CallArrival arrival, Waiting& waiting);

  Predictor& predictor_;
  const Clock& clock_;
  const Options options_;
  std::deque<Home> homes_;  // Constant in number and place.

  Mutex mutex_;
  CondVar changed_;  // A call has ended or is to be encoded, or none will be accepted any more.
  size_t next_home_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  TimePoint patience_ ABSL_GUARDED_BY(mutex_);  // Until when calls may go on.
};

}  // namespace tournant
