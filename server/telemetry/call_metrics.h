#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/feature_provenance.h"
#include "base/mutex.h"
#include "base/phase.h"
#include "telemetry/counter.h"
#include "telemetry/histogram.h"

namespace tournant {

// The messages of an RPC as they are on the wire before compression, all of a stream together.
struct MessageBytes {
  int64_t received = 0;
  int64_t sent = 0;
};

// Numbers of the calls of one event loop: how many are in each phase now, how long they stayed
// there, how they ended. One for each loop, owned by main; the loop's thread writes, without locks
// and (but for the first call of a model or of a method's status) without allocation; any thread
// reads. Outlives every call of its loop.
class CallMetrics final : public PhaseObserver {
 public:
  static constexpr size_t kStatusCodes = 17;  // grpc::StatusCode, OK to UNAUTHENTICATED.
  static constexpr size_t kMaxModels = 1024;  // More are counted under the name "other".

  // `methods` as in gRPC's paths, without the first slash: "inference.GRPCInferenceService/...".
  explicit CallMetrics(std::vector<std::string> methods);
  ~CallMetrics() override;

  // --- the loop's thread ---

  void OnEnter(Phase phase) override { in_phase_[static_cast<size_t>(phase)].Add(1); }
  void OnLeave(Phase phase, Duration spent) override {
    in_phase_[static_cast<size_t>(phase)].Add(-1);
    if (!IsEnd(phase)) phase_time_[static_cast<size_t>(phase)].Record(spent);
  }
  // An RPC has arrived, and has been answered; `method` is an index into `methods`. Codes out of
  // range count as UNKNOWN.
  void OnStarted(size_t method) { methods_[method].started.Add(); }
  void OnFinished(size_t method, int status_code, Duration total, MessageBytes bytes = {});
  // A call that ended in another way than Done had come as far as `stage`, which is no end.
  void OnStopped(Phase end, Phase stage) {
    stopped_[static_cast<size_t>(end) - kEndPhase][static_cast<size_t>(stage)].Add();
  }
  // The loop has come to something `lag` after it was posted.
  void OnLoopLag(Duration lag) { loop_lag_.Record(lag); }
  // A prediction was answered. `model` is one that exists: what a caller merely claims would make
  // a time series of every typing error.
  void OnPrediction(absl::string_view model, int status_code);
  // Where the features of an answer came from.
  void OnFeatures(const FeatureProvenance& features);

  // --- any thread ---

  const std::vector<std::string>& methods() const { return method_names_; }
  // Calls that are in `phase` now; for an end, all that have ended so.
  int64_t in_phase(Phase phase) const { return in_phase_[static_cast<size_t>(phase)].value(); }
  HistogramSnapshot phase_time(Phase phase) const {
    return phase_time_[static_cast<size_t>(phase)].Read();
  }
  int64_t started(size_t method) const { return methods_[method].started.value(); }
  // Of the calls of a method that ended with this code; empty where none has.
  struct Ended {
    HistogramSnapshot duration;
    HistogramSnapshot received_bytes;
    HistogramSnapshot sent_bytes;
  };
  Ended ended(size_t method, int status_code) const;
  HistogramSnapshot duration(size_t method, int status_code) const {
    return ended(method, status_code).duration;
  }
  int64_t stopped(Phase end, Phase stage) const {
    return stopped_[static_cast<size_t>(end) - kEndPhase][static_cast<size_t>(stage)].value();
  }
  HistogramSnapshot loop_lag() const { return loop_lag_.Read(); }
  // (model, status code, count) for each pair that has occurred.
  void ForEachModel(const std::function<void(const std::string&, int, int64_t)>& visit) const;

  // Cells by where they came from: live, cached, stale, defaulted, from_request.
  static constexpr size_t kCellOutcomes = 5;
  static absl::string_view CellOutcomeName(size_t outcome);
  int64_t cells(size_t outcome) const { return cells_[outcome].value(); }
  int64_t degraded() const { return degraded_.value(); }
  int64_t budgets_exhausted() const { return budgets_exhausted_.value(); }
  int64_t cells_of_unknown_age() const { return unknown_age_.value(); }
  int64_t cells_from_future() const { return from_future_.value(); }
  // Of each answer with a feature of known age, the oldest one's, in milliseconds.
  HistogramSnapshot feature_age() const { return feature_age_.Read(); }

 private:
  struct Endings {
    Histogram duration;
    Histogram received_bytes;
    Histogram sent_bytes;
  };
  struct Method {
    LocalCounter started;
    // Made by the loop's thread when the first call ends so: 17 for each method would be 230 kB.
    std::array<std::atomic<Endings*>, kStatusCodes> by_code{};
  };
  using ModelCodes = std::array<LocalCounter, kStatusCodes>;

  ModelCodes& CodesOf(absl::string_view model);

  const std::vector<std::string> method_names_;
  std::vector<Method> methods_;  // The vector itself never changes.
  std::array<LocalCounter, kPhaseCount> in_phase_;
  std::array<Histogram, kEndPhase> phase_time_;
  std::array<std::array<LocalCounter, kEndPhase>, kPhaseCount - kEndPhase> stopped_;
  Histogram loop_lag_;
  std::array<LocalCounter, kCellOutcomes> cells_;
  LocalCounter degraded_;
  LocalCounter budgets_exhausted_;
  LocalCounter unknown_age_;
  LocalCounter from_future_;
  Histogram feature_age_;

  // The loop's thread only: the model of the last prediction, mostly that of the next one too.
  std::string recent_model_;
  ModelCodes* recent_codes_ = nullptr;

  mutable Mutex models_mutex_;
  // Changed by the loop's thread under the lock; so that thread alone may read without it.
  absl::flat_hash_map<std::string, std::unique_ptr<ModelCodes>> models_
      ABSL_GUARDED_BY(models_mutex_);
};

}  // namespace tournant
