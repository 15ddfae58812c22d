// What the prediction log keeps of a call, and when.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/handoff.h"
#include "features/feature_plan.h"
#include "pipeline/predictor.h"
#include "predictions/durable_wait.h"
#include "predictions/model_log.h"

namespace tournant {

absl::Status Predictor::TakeLogPlace(Prediction& prediction) {
  const ModelLog* const log = prediction.version->log.get();
  if (sink_ == nullptr || log == nullptr || log->mode() == LogMode::kBestEffort) {
    return absl::OkStatus();
  }
  const InferRequest& request = prediction.request;
  const int64_t bytes = request.bytes + prediction.rows * log->bytes_per_row();
  absl::StatusOr<LogPlace> place =
      sink_->Reserve(sizeof(PredictionRecord) + static_cast<size_t>(std::max<int64_t>(bytes, 0)),
                     request.criticality < Criticality::kSheddablePlus);
  if (!place.ok()) {
    prediction.off_the_record = true;
    return place.status();
  }
  prediction.place = *std::move(place);
  return absl::OkStatus();
}

void Predictor::KeepInputs(Prediction& prediction, InferenceJob& job) {
  // A copy takes the loop less time than it took to read the message.
  std::vector<Tensor> inputs = job.abandoned ? job.inputs : std::exchange(job.inputs, {});
  if (prediction.has_features) {
    // Those that were sent are in the request already.
    const FeaturePlan& plan = *prediction.version->features;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (plan.inputs()[i].given) inputs[i] = Tensor();
    }
    prediction.assembled = std::move(inputs);
    return;
  }
  const std::vector<TensorSpec>& specs = prediction.version->config.inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (NamedTensor& given : prediction.request.inputs) {
      if (given.name == specs[i].name) given.tensor = std::move(inputs[i]);
    }
  }
}

bool Predictor::SavesFirst(const Prediction& prediction) const {
  const ModelLog* const log = prediction.version->log.get();
  return sink_ != nullptr && log != nullptr && log->mode() == LogMode::kSync;
}

bool Predictor::Keeps(const Prediction& prediction, const absl::Status& status,
                      const CallPhase& phase) const {
  const ModelLog* const log = prediction.version->log.get();
  if (log == nullptr || log->keeps_all()) return true;
  return log->Keeps({.request_id = prediction.request.id,
                     .accepted = phase.accepted_at(),
                     .remarkable = !status.ok() || prediction.features.degraded,
                     .took = clock_.Now() - phase.accepted_at()});
}

Task<absl::Status> Predictor::Save(const CallContext& call, Prediction& prediction) {
  // One that is slow in the end, or fails, may be kept after its answer.
  if (!Keeps(prediction, absl::OkStatus(), call.phase)) co_return absl::OkStatus();
  // The answer needs them, too.
  std::string id = prediction.request.id;
  std::vector<NamedTensor> outputs = prediction.outputs;
  PredictionRecord record = MakeRecord(prediction, absl::OkStatus(), call.phase);
  prediction.request.id = std::move(id);
  prediction.outputs = std::move(outputs);
  prediction.off_the_record = true;
  const auto wait = std::make_shared<DurableWait>();
  record.wait = wait;
  bool handed_in = false;
  const absl::Status waited = co_await HandoffAwaiter(call, *wait, [&] {
    handed_in = true;
    sink_->Record(std::move(record));
    return absl::OkStatus();
  });
  if (waited.ok()) co_return wait->result();
  if (!handed_in) {
    // The call had ended before it could wait.
    record.wait = nullptr;
    record.status_code = static_cast<int>(waited.code());
    record.status_message = std::string(waited.message());
    sink_->Record(std::move(record));
  }
  co_return waited;
}

PredictionRecord Predictor::MakeRecord(Prediction& prediction, const absl::Status& status,
                                       const CallPhase& phase) const {
  PredictionRecord record;
  record.request_id = std::move(prediction.request.id);
  record.traceparent = std::move(prediction.traceparent);
  record.model = prediction.version->name;
  record.version = prediction.version->version;
  const Duration total = clock_.Now() - phase.accepted_at();
  record.time = clock_.WallNow() - std::chrono::duration_cast<WallTime::duration>(total);
  record.rows = prediction.rows;
  record.status_code = static_cast<int>(status.code());
  record.status_message = std::string(status.message());
  record.inputs = std::move(prediction.request.inputs);
  record.outputs = std::move(prediction.outputs);
  record.has_features = prediction.has_features;
  record.features = prediction.features;
  record.assembled = std::move(prediction.assembled);
  record.cells = std::move(prediction.cells);
  record.times = {.accepted = phase.spent(Phase::kAccepted),
                  .validating = phase.spent(Phase::kValidating),
                  .awaiting_features = phase.spent(Phase::kAwaitingFeatures),
                  .queued = phase.spent(Phase::kQueued),
                  .computing = phase.spent(Phase::kComputing),
                  .responding = phase.spent(Phase::kResponding),
                  .total = total};
  record.log = prediction.version->log;
  record.place = std::move(prediction.place);
  if (record.log != nullptr) record.log->Trim(record);
  return record;
}

void Predictor::Record(Prediction&& prediction, const absl::Status& status,
                       const CallPhase& phase) {
  if (sink_ == nullptr || prediction.version == nullptr || prediction.off_the_record) return;
  if (!Keeps(prediction, status, phase)) {
    sink_->NoteSampledOut();
    return;
  }
  sink_->Record(MakeRecord(prediction, status, phase));
}

}  // namespace tournant
