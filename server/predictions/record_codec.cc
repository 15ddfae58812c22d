#include "predictions/record_codec.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "predictions/hashed_values.h"
#include "predictions/logged_columns.h"
#include "predictions/model_log.h"
#include "predictions/prediction_json.h"
#include "predictions/record_frame.h"
#include "tournant/prediction.pb.h"

namespace tournant {
namespace {

std::string Text(std::string&& text) { return IsUtf8(text) ? std::move(text) : ToUtf8(text); }

uint64_t Micros(Duration time) {
  return static_cast<uint64_t>(
      std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
}

void MoveTensor(NamedTensor&& from, LoggedTensor& to) {
  to.set_name(Text(std::move(from.name)));
  const absl::string_view type = DataTypeName(from.tensor.type);
  to.set_datatype(type.data(), type.size());
  to.mutable_shape()->Add(from.tensor.shape.begin(), from.tensor.shape.end());
  to.set_raw(std::move(from.tensor.bytes));
}

void AddTensors(std::vector<NamedTensor>&& tensors, bool outputs, const PredictionRecord& record,
                google::protobuf::RepeatedPtrField<LoggedTensor>& to) {
  for (NamedTensor& tensor : tensors) MoveTensor(std::move(tensor), *to.Add());
  for (const OmittedTensor& omitted : record.omitted) {
    if (omitted.output != outputs) continue;
    to[static_cast<int>(omitted.index)].set_omitted_bytes(omitted.bytes);
  }
  if (record.log == nullptr) return;
  for (LoggedTensor& tensor : to) {
    if (record.log->Hashes(tensor.name())) HashValues(record.log->salt(), tensor);
  }
}

std::string RequestId(PredictionRecord& record) {
  if (!record.request_id.empty() && record.log != nullptr &&
      record.log->Hashes(ModelLog::kRequestId)) {
    return HashedValue(record.log->salt(), record.request_id);
  }
  return Text(std::move(record.request_id));
}

void SetFeatures(const FeatureProvenance& from, LoggedFeatures& to) {
  to.set_features_live(static_cast<uint64_t>(from.live));
  to.set_features_cached(static_cast<uint64_t>(from.cached));
  to.set_features_stale(static_cast<uint64_t>(from.stale));
  to.set_features_defaulted(static_cast<uint64_t>(from.defaulted));
  to.set_features_from_request(static_cast<uint64_t>(from.from_request));
  if (from.oldest_age_ms >= 0) to.set_oldest_feature_age_ms(from.oldest_age_ms);
  to.set_degraded(from.degraded);
}

LoggedPrediction ToMessage(PredictionRecord&& record, uint64_t sequence) {
  LoggedPrediction message;
  message.set_sequence(sequence);
  message.set_wall_time_unix_ns(
      std::chrono::duration_cast<std::chrono::nanoseconds>(record.time.time_since_epoch()).count());
  message.set_request_id(RequestId(record));
  message.set_traceparent(std::move(record.traceparent));
  message.set_model_name(Text(std::move(record.model)));
  message.set_model_version(std::to_string(record.version));
  message.set_rows(static_cast<uint64_t>(std::max<int64_t>(0, record.rows)));
  message.set_status_code(record.status_code);
  message.set_status_message(Text(std::move(record.status_message)));
  AddTensors(std::move(record.inputs), false, record, *message.mutable_inputs());
  AddTensors(std::move(record.outputs), true, record, *message.mutable_outputs());
  AddLoggedColumns(record, message);
  if (record.has_features) SetFeatures(record.features, *message.mutable_features());
  LoggedPhases& latency = *message.mutable_latency();
  latency.set_accepted(Micros(record.times.accepted));
  latency.set_validating(Micros(record.times.validating));
  latency.set_awaiting_features(Micros(record.times.awaiting_features));
  latency.set_queued(Micros(record.times.queued));
  latency.set_computing(Micros(record.times.computing));
  latency.set_responding(Micros(record.times.responding));
  latency.set_total(Micros(record.times.total));
  return message;
}

}  // namespace

size_t RecordBytes(const PredictionRecord& record) {
  size_t bytes = sizeof(PredictionRecord) + record.request_id.size() + record.traceparent.size() +
                 record.model.size() + record.status_message.size();
  for (const std::vector<NamedTensor>* tensors : {&record.inputs, &record.outputs}) {
    for (const NamedTensor& named : *tensors) {
      bytes += sizeof(NamedTensor) + named.name.size() + named.tensor.bytes.size();
    }
  }
  for (const Tensor& tensor : record.assembled) bytes += sizeof(Tensor) + tensor.bytes.size();
  return bytes + record.cells.bytes();
}

namespace {

absl::Status Serialize(const LoggedPrediction& message, std::string& payload) {
  if (message.ByteSizeLong() > kMaxPayloadBytes || !message.SerializeToString(&payload)) {
    return absl::InvalidArgumentError("the record cannot be serialized");
  }
  return absl::OkStatus();
}

absl::Status AsLine(const LoggedPrediction& message, std::string& payload) {
  payload = PredictionJson(message);
  payload += '\n';
  // It may wait. What it has grown by is worth a copy where it is much.
  if (payload.capacity() > payload.size() + payload.size() / 2) payload.shrink_to_fit();
  return absl::OkStatus();
}

}  // namespace

absl::Status EncodeRecord(PredictionRecord&& record, uint64_t sequence, std::string& payload) {
  return Serialize(ToMessage(std::move(record), sequence), payload);
}

RecordEncoder EncoderOfRun(std::string run) {
  return
      [run = std::move(run)](PredictionRecord&& record, uint64_t sequence, std::string& payload) {
        LoggedPrediction message = ToMessage(std::move(record), sequence);
        message.set_run(run);
        return Serialize(message, payload);
      };
}

RecordEncoder JsonLineEncoderOfRun(std::string run) {
  return
      [run = std::move(run)](PredictionRecord&& record, uint64_t sequence, std::string& payload) {
        LoggedPrediction message = ToMessage(std::move(record), sequence);
        message.set_run(run);
        return AsLine(message, payload);
      };
}

}  // namespace tournant
