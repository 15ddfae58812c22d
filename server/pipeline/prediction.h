#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admission/admission.h"
#include "base/clock.h"
#include "base/feature_cells.h"
#include "base/feature_provenance.h"
#include "inference/inference_job.h"
#include "models/model_version.h"
#include "models/tensor.h"
#include "predictions/log_place.h"
#include "telemetry/trace_context.h"

namespace tournant {

// An output that a caller wants, and how.
struct RequestedOutput {
  std::string name;
  // The classification extension: so many of the highest classes of each row, as text. 0: the
  // tensor itself.
  int64_t classes = 0;
};

// What a caller asks, free of the wire: made by rpc/ from a ModelInferRequest.
struct InferRequest {
  std::string model;
  std::string version;  // Empty: the one that is served.
  std::string id;       // Echoed in the answer; elsewhere as ShownId has it.
  std::vector<NamedTensor> inputs;
  std::vector<RequestedOutput> outputs;  // Empty: all, in the order of the config.
  int64_t priority = 0;                  // 1 is the most urgent level; 0: the model's default.
  Criticality criticality = kDefaultCriticality;
  int64_t bytes = 0;                  // Of the message.
  std::function<std::string()> peer;  // Who calls, as gRPC names him; may be empty.
  int64_t timeout_us = 0;             // The `timeout` parameter, a day at most; 0: none.
};

// One call's prediction from request to record. Lives in the call's frame; filled step by step by
// the Predictor, on the call's loop only.
struct Prediction {
  InferRequest request;

  // Known once the request has been validated.
  ModelHandle version;
  int64_t rows = 0;
  AdmissionPermit permit;  // Held for as long as the call's messages are. Dies before `version`.
  LogPlace place;          // In the prediction log, for a model that wants one.

  // Of the model that the call asks for, where it has the call's id hashed: see ShownId.
  std::shared_ptr<const ModelLog> hashes_id;

  const InferenceJob* job = nullptr;  // While a result is awaited. Not owned.

  // The answer.
  std::vector<NamedTensor> outputs;
  bool has_features = false;  // The model has bindings, so `features` says something.
  FeatureProvenance features;
  // For the record alone: the inputs that were filled with features, in the order of the config
  // (others are empty), and where each cell came from.
  std::vector<Tensor> assembled;
  FeatureCells cells;

  // Of a call that has a trace.
  std::string traceparent;            // For the record.
  std::optional<TraceContext> batch;  // The span of the batch that computed it.
  bool off_the_record = false;  // It is recorded already, or was not let in for want of a place.
};

}  // namespace tournant
