#include "pipeline/predictor.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "features/await_features.h"
#include "features/feature_plan.h"
#include "inference/compute.h"
#include "inference/model_queue.h"
#include "pipeline/classification.h"
#include "pipeline/reserve_policy.h"
#include "pipeline/shown_id.h"
#include "pipeline/validate_request.h"
#include "telemetry/trace_scope.h"

namespace tournant {
namespace {

RequestSignature SignatureOf(const ModelVersion& version) {
  static const auto* const kNone = new std::vector<TensorSpec>();
  const ModelConfig& config = version.config;
  if (version.features == nullptr) {
    return {config.inputs, *kNone, config.outputs, config.max_batch_size};
  }
  return {version.features->request_tensors(), version.features->overrides(), config.outputs,
          config.max_batch_size};
}

// The model's inputs as the caller sent them, moved into the order of the config.
void TakeInputs(const ModelConfig& config, std::vector<NamedTensor>& sent,
                std::vector<Tensor>& inputs) {
  inputs.resize(config.inputs.size());
  for (size_t i = 0; i < config.inputs.size(); ++i) {
    for (NamedTensor& given : sent) {
      if (given.name == config.inputs[i].name) inputs[i] = std::move(given.tensor);
    }
  }
}

bool AnyClassified(const std::vector<RequestedOutput>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [](const RequestedOutput& output) { return output.classes > 0; });
}

// Puts the classes of those outputs that are to be classified into their places.
void ClassifyOutputs(const ModelConfig& config, const std::vector<RequestedOutput>& wanted,
                     std::vector<Tensor>& outputs) {
  for (const auto& [name, classes] : wanted) {
    for (size_t i = 0; classes > 0 && i < outputs.size(); ++i) {
      const TensorSpec& spec = config.outputs[i];
      if (spec.name != name) continue;
      std::span<const std::string> labels;
      if (spec.labels != nullptr) labels = *spec.labels;
      outputs[i] = Classify(outputs[i], classes, config.max_batch_size > 0, labels);
    }
  }
}

// The outputs that the caller asked for, in his order; all of them in the config's order by
// default.
std::vector<NamedTensor> ChooseOutputs(const ModelConfig& config,
                                       const std::vector<RequestedOutput>& wanted,
                                       std::vector<Tensor>& outputs) {
  std::vector<NamedTensor> chosen;
  chosen.reserve(wanted.empty() ? outputs.size() : wanted.size());
  if (wanted.empty()) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      chosen.push_back({config.outputs[i].name, std::move(outputs[i])});
    }
    return chosen;
  }
  for (const RequestedOutput& output : wanted) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (config.outputs[i].name != output.name) continue;
      chosen.push_back({output.name, std::move(outputs[i])});
    }
  }
  return chosen;
}

// A model without levels has no order that a priority could change, and takes any.
absl::Status CheckPriority(const Batching& batching, int64_t priority) {
  const int64_t levels = batching.priority_levels;
  if (levels == 0 || (priority >= 0 && priority <= levels)) return absl::OkStatus();
  return InvalidEntry("parameters", "priority",
                      absl::StrCat("priority is ", priority,
                                   "; the model has levels from 1, the most urgent one, to ",
                                   levels, ", and 0 stands for its default"));
}

// Valid calls that no worker counts are counted in time for whoever asks after their answers.
void CountComputed(const CallContext& call, const Prediction& prediction, const InferenceJob& job) {
  ModelQueue* const queue = prediction.version->queue.get();
  if (queue == nullptr) return;
  VersionStatistics::Batch counted;
  counted.AddCall(prediction.rows, call.clock.Now() - call.phase.accepted_at(),
                  job.started - job.enqueued, job.times);
  queue->statistics().Count(counted, call.clock.WallNow());
}

void CountEmpty(const CallContext& call, const Prediction& prediction) {
  ModelQueue* const queue = prediction.version->queue.get();
  if (queue == nullptr) return;
  queue->statistics().CountEmpty(call.clock.Now() - call.phase.accepted_at());
}

CallFailure ReasonOf(const CallContext& call, const absl::Status& why) {
  switch (why.code()) {
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return CallFailure::kRejected;
    case absl::StatusCode::kCancelled:
      return CallFailure::kCanceled;
    default:
      return call.phase.current() == Phase::kQueued || call.phase.current() == Phase::kComputing
                 ? CallFailure::kBackend
                 : CallFailure::kOther;
  }
}

// Its deadline has passed, or so nearly that the caller, who left, must have seen it pass.
bool OutOfTime(const CallContext& call, const absl::Status& why) {
  constexpr Duration kOnTheWay = std::chrono::milliseconds(5);
  return absl::IsDeadlineExceeded(why) ||
         (absl::IsCancelled(why) && call.clock.Now() + kOnTheWay >= call.deadline);
}

absl::Status Failed(const CallContext& call, Prediction& prediction, absl::Status why) {
  prediction.permit.End(OutOfTime(call, why) ? AdmissionOutcome::kExpired : OutcomeOf(why));
  prediction.permit = AdmissionPermit();  // Its place is free for others at once.
  if (ModelQueue* const queue = prediction.version->queue.get(); queue != nullptr) {
    queue->statistics().CountFailure(call.clock.Now() - call.phase.accepted_at(),
                                     ReasonOf(call, why));
  }
  return why;
}

// What a request of no rows is answered with, without a worker.
std::vector<Tensor> EmptyOutputs(const ModelConfig& config) {
  std::vector<Tensor> outputs;
  for (const TensorSpec& spec : config.outputs) {
    Tensor output{spec.type, {0}, ""};
    for (const int64_t dim : spec.dims) output.shape.push_back(std::max<int64_t>(dim, 0));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace

Predictor::Predictor(const ModelRegistry& registry, AdmissionControl* admission, ComputePool& pool,
                     FeatureClient* features, PredictionSink* sink, const Clock& clock,
                     Options options)
    : registry_(registry),
      admission_(admission),
      pool_(pool),
      features_(features),
      sink_(sink),
      clock_(clock),
      options_(options) {}

Task<absl::Status> Predictor::Predict(const CallContext& call, Prediction& prediction) {
  call.phase.Enter(Phase::kValidating);
  const InferRequest& request = prediction.request;
  absl::StatusOr<ModelHandle> found = registry_.Find(request.model, request.version);
  if (!found.ok()) {
    LearnShownId(prediction);
    co_return found.status();
  }
  LearnHowIdIsShown(**found, prediction);
  const absl::StatusOr<int64_t> rows = ValidateRequest(SignatureOf(**found), request);
  if (!rows.ok()) co_return rows.status();
  if (absl::Status priority = CheckPriority((*found)->config.batching, request.priority);
      !priority.ok()) {
    co_return priority;
  }
  prediction.version = *std::move(found);
  prediction.rows = *rows;
  const ModelConfig& config = prediction.version->config;
  prediction.has_features = prediction.version->features != nullptr;
  if (absl::Status alive = call.Alive(); !alive.ok()) co_return Failed(call, prediction, alive);
  if (absl::Status placed = TakeLogPlace(prediction); !placed.ok()) {
    co_return Failed(call, prediction, placed);
  }
  if (*rows == 0) {
    std::vector<Tensor> empty = EmptyOutputs(config);
    ClassifyOutputs(config, request.outputs, empty);
    prediction.outputs = ChooseOutputs(config, request.outputs, empty);
    if (SavesFirst(prediction)) {
      absl::Status saved = co_await Save(call, prediction);
      if (!saved.ok()) co_return Failed(call, prediction, saved);
    }
    CountEmpty(call, prediction);
    co_return absl::OkStatus();
  }

  if (absl::Status admitted = Admit(call, prediction); !admitted.ok()) {
    co_return Failed(call, prediction, admitted);
  }
  std::vector<Tensor> inputs;
  if (prediction.has_features) {
    absl::Status assembled = co_await AssembleInputs(call, prediction, inputs);
    if (!assembled.ok()) co_return Failed(call, prediction, assembled);
  } else {
    TakeInputs(config, prediction.request.inputs, inputs);
  }

  const auto job = std::make_shared<InferenceJob>();
  job->inputs = std::move(inputs);
  job->version = prediction.version;
  job->rows = *rows;
  job->accepted = call.phase.accepted_at();
  job->deadline = call.deadline;
  job->urgency = prediction.permit.urgency();
  job->priority = request.priority;
  job->timeout = std::chrono::microseconds(request.timeout_us);
  if (AnyClassified(request.outputs)) {
    // Sorting a large output takes far longer than a loop may be held up.
    job->refine = [&config, &request](std::vector<Tensor>& outputs) {
      ClassifyOutputs(config, request.outputs, outputs);
    };
  }
  if (call.trace != nullptr && call.trace->recorded()) {
    job->trace = std::make_unique<JobTrace>(JobTrace{call.trace->compute});
  }
  job->counted_by_call = SavesFirst(prediction);
  call.phase.Enter(Phase::kQueued);
  prediction.job = job.get();
  absl::Status computed = co_await Compute(call, pool_, job);
  prediction.job = nullptr;
  prediction.batch = BatchOf(*job);
  if (records()) KeepInputs(prediction, *job);
  if (!computed.ok()) {
    if (job->ended_in_queue && OutOfTime(call, computed)) {
      prediction.permit.Expired(job->enqueued, call.clock.Now());
    }
    const TimePoint executing = job->executing_since.load(std::memory_order_relaxed);
    if (executing != TimePoint()) call.phase.EnterAt(Phase::kComputing, executing);
    co_return Failed(call, prediction, computed);
  }
  prediction.permit.Computed(job->enqueued, job->started);
  call.phase.EnterAt(Phase::kComputing, job->started);
  call.phase.EnterAt(Phase::kResponding, job->finished);
  LearnTimes(call, prediction);
  prediction.outputs = ChooseOutputs(config, request.outputs, job->outputs);
  if (job->counted_by_call) {
    absl::Status saved = co_await Save(call, prediction);
    if (!saved.ok()) co_return Failed(call, prediction, saved);
    CountComputed(call, prediction, *job);
  }
  prediction.permit.End(AdmissionOutcome::kOk);
  co_return absl::OkStatus();
}

void Predictor::LearnShownId(Prediction& prediction) const {
  const InferRequest& request = prediction.request;
  absl::StatusOr<ModelHandle> found = registry_.Find(request.model, request.version);
  // For a version that is not there the one that is served knows how its callers' ids are shown.
  if (!found.ok()) found = registry_.Find(request.model, "");
  if (found.ok()) LearnHowIdIsShown(**found, prediction);
}

absl::Status Predictor::Admit(const CallContext& call, Prediction& prediction) {
  ModelQueue* const queue = prediction.version->queue.get();
  if (admission_ == nullptr || queue == nullptr) return absl::OkStatus();
  const InferRequest& request = prediction.request;
  const auto peer = [&request] { return request.peer ? request.peer() : std::string(); };
  const TimePoint now = call.clock.Now();
  const int64_t batch_rows = std::max(prediction.rows, queue->BatchRows());
  const AdmissionControl::Request asked{
      .load = queue->load(),
      .criticality = request.criticality,
      .now = now,
      .deadline = call.deadline,
      .cost = queue->cost().EstimateCost(prediction.rows),
      .batch_cost = queue->cost().EstimateCost(batch_rows),
      .work = queue->ShareOfBatch(prediction.rows),
      .next_free = pool_.NextFree(now),
      .last_executed = queue->last_executed(),
      .rank = queue->RankOf(request.priority),
      .in_order = queue->answer_order() != nullptr,
      .version_workers = queue->max_running() > 0 ? static_cast<int>(queue->max_running())
                                                  : std::numeric_limits<int>::max(),
      .bytes = request.bytes,
      .peer = peer};
  return admission_->Admit(asked, prediction.permit);
}

Task<absl::Status> Predictor::AssembleInputs(const CallContext& call, Prediction& prediction,
                                             std::vector<Tensor>& inputs) {
  call.phase.Enter(Phase::kAwaitingFeatures);
  AwaitFeaturesOptions options;
  options.cap = options_.feature_timeout;
  options.reserve = Reserve(call, prediction);
  options.keep_cells = records();
  absl::StatusOr<AssembledInputs> assembled =
      co_await AwaitFeatures(call, *prediction.version->features, features_,
                             prediction.request.inputs, prediction.rows, options);
  if (!assembled.ok()) co_return assembled.status();
  inputs = std::move(assembled->inputs);
  prediction.features = assembled->provenance;
  prediction.cells = std::move(assembled->cells);
  co_return absl::OkStatus();
}

Duration Predictor::Reserve(const CallContext& call, const Prediction& prediction) const {
  ComputeTimesAhead ahead;
  if (const ModelQueue* queue = prediction.version->queue.get(); queue != nullptr) {
    ahead.estimated_cost = queue->cost().EstimateCost(prediction.rows);
    ahead.computing_p99 = queue->computing().p99();
    ahead.waiting_p50 = queue->waiting().p50();
  }
  return FeatureReserve(ahead, call.deadline - call.clock.Now(), options_.answer_margin);
}

// Only of calls with features, since only those ask.
void Predictor::LearnTimes(const CallContext& call, const Prediction& prediction) {
  ModelQueue* const queue = prediction.version->queue.get();
  if (!prediction.has_features || queue == nullptr) return;
  queue->waiting().Record(call.phase.spent(Phase::kQueued));
  queue->computing().Record(call.phase.spent(Phase::kComputing));
}

}  // namespace tournant
