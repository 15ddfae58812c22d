#include "rpc/infer_exchange.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "admission/criticality.h"
#include "base/status.h"
#include "pipeline/call_end.h"
#include "pipeline/call_report.h"
#include "pipeline/request_parameters.h"
#include "rpc/infer_codec.h"

namespace tournant {
namespace {

// gRPC would end a call whose answer is too large, and a whole stream with it, in fewer words.
absl::Status CheckSize(const inference::ModelInferResponse& response, int64_t max_bytes) {
  int64_t raw_bytes = 0;
  for (const std::string& raw : response.raw_output_contents()) {
    raw_bytes += static_cast<int64_t>(raw.size());
  }
  // Names and shapes are far smaller; the exact size is worth counting only near the limit.
  if (raw_bytes < max_bytes / 2) return absl::OkStatus();
  const auto bytes = static_cast<int64_t>(response.ByteSizeLong());
  if (bytes <= max_bytes) return absl::OkStatus();
  return Overloaded("ANSWER_TOO_LARGE", kNever,
                    absl::StrCat("the answer of ", bytes,
                                 " bytes is larger than --max_message_bytes=", max_bytes));
}

absl::Status ReadMetadata(const grpc::ServerContext& context, InferRequest& request) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(kCriticalityMetadata);
  if (found == metadata.end()) return absl::OkStatus();
  return ReadCriticality("metadata", {found->second.data(), found->second.size()}, request);
}

}  // namespace

absl::Status InferExchange::Decode(inference::ModelInferRequest& request, size_t bytes) {
  prediction_.request.bytes = static_cast<int64_t>(bytes);
  prediction_.request.peer = [rpc = call_.rpc] { return rpc->peer(); };
  absl::Status status = DecodeRequest(request, prediction_.request);
  if (status.ok()) status = ReadMetadata(*call_.rpc, prediction_.request);
  if (!status.ok()) dependencies_.predictor.LearnShownId(prediction_);
  std::optional<std::chrono::microseconds> timeout;
  if (prediction_.request.timeout_us > 0) timeout.emplace(prediction_.request.timeout_us);
  call_.deadline =
      EffectiveDeadline(dependencies_.settings, *call_.rpc, timeout, phase_.accepted_at());
  return status;
}

void InferExchange::Encode(absl::Status& status, inference::ModelInferResponse& response) {
  if (!status.ok()) stage_ = phase_.current();
  phase_.Enter(Phase::kResponding);
  if (!status.ok()) return;
  EncodeAnswer(prediction_, response);
  encoded_ = true;
  status = CheckSize(response, dependencies_.settings.max_message_bytes);
}

Duration InferExchange::End(const absl::Status& status, int code,
                            inference::ModelInferResponse& response) {
  const TimePoint ended = dependencies_.clock.Now();
  phase_.EnterAt(EndPhaseOf(status), ended);
  ReportCall({.method = lane_.metrics.methods()[static_cast<size_t>(method_)],
              .prediction = prediction_,
              .phase = phase_,
              .ended = ended,
              .stage = stage_,
              .status = status,
              .code = code,
              .trace = trace_.get()},
             lane_.metrics, lane_.call_log, dependencies_.settings.slow_call);
  if (prediction_.version != nullptr && dependencies_.predictor.records()) {
    // A message that was not filled may still hold the answer of an earlier call.
    if (encoded_) prediction_.outputs = TakeOutputs(response);
    dependencies_.predictor.Record(std::move(prediction_), status, phase_);
  }
  return ended - phase_.accepted_at();
}

}  // namespace tournant
