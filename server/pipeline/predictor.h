#pragma once

#include "absl/status/status.h"
#include "admission/admission.h"
#include "base/call_context.h"
#include "base/task.h"
#include "features/feature_client.h"
#include "inference/compute_pool.h"
#include "models/registry.h"
#include "pipeline/prediction.h"
#include "predictions/prediction_record.h"

namespace tournant {

// The business of a call: find the model, validate, await features, compute, hand out the answer;
// and, once the answer is out, record it. Owned by the server; used by every event loop at once, so
// it keeps no state of its own.
class Predictor {
 public:
  struct Options {
    // Longest that one fetch of features may take.
    std::chrono::milliseconds feature_timeout{50};
    // Of a call's time, kept from the feature store besides what queueing and computing usually
    // take: for assembly and the way back.
    std::chrono::milliseconds answer_margin{5};
  };

  // `admission` may be null when every valid call is let in, `features` when no feature store is
  // configured, `sink` when nothing is recorded.
  Predictor(const ModelRegistry& registry, AdmissionControl* admission, ComputePool& pool,
            FeatureClient* features, PredictionSink* sink, const Clock& clock, Options options);

  // Fills `prediction` from its request. On the call's loop; `prediction` lives until the task
  // ends. For a model that wants its answers saved first (LogMode::kSync), OK means that this one
  // is durable: UNAVAILABLE when it could not be made so.
  Task<absl::Status> Predict(const CallContext& call, Prediction& prediction);

  // In place of Predict, for a call whose request cannot be read as a whole: how its id is shown.
  void LearnShownId(Prediction& prediction) const;

  // Records the finished call, which is moved from, unless it is recorded already. Never blocks. A
  // request that did not get past validation is not a prediction and leaves no record.
  void Record(Prediction&& prediction, const absl::Status& status, const CallPhase& phase);
  bool records() const { return sink_ != nullptr; }

 private:
  // Gives the valid call a place, or says why it has none.
  absl::Status Admit(const CallContext& call, Prediction& prediction);
  // The same in the prediction log, for a model whose records must not be dropped.
  absl::Status TakeLogPlace(Prediction& prediction);
  // The model's own inputs, in the order of its config, from features: for a model that has them.
  Task<absl::Status> AssembleInputs(const CallContext& call, Prediction& prediction,
                                    std::vector<Tensor>& inputs);

  // The part of the call's time that the feature store may not use up.
  Duration Reserve(const CallContext& call, const Prediction& prediction) const;
  // What a computed call teaches about that part.
  static void LearnTimes(const CallContext& call, const Prediction& prediction);

  // Gives the inputs of a job that is over for its call back, for the record.
  static void KeepInputs(Prediction& prediction, InferenceJob& job);
  bool SavesFirst(const Prediction& prediction) const;
  // Whether the model wants the record of a call that has come so far.
  bool Keeps(const Prediction& prediction, const absl::Status& status,
             const CallPhase& phase) const;
  // Records the answer and waits until that is durable.
  Task<absl::Status> Save(const CallContext& call, Prediction& prediction);
  // Of the call as far as it has come; moves from it.
  PredictionRecord MakeRecord(Prediction& prediction, const absl::Status& status,
                              const CallPhase& phase) const;

  const ModelRegistry& registry_;
  AdmissionControl* const admission_;
  ComputePool& pool_;
  FeatureClient* const features_;
  PredictionSink* const sink_;
  const Clock& clock_;
  const Options options_;
};

}  // namespace tournant
