#include "rpc/inference_service.h"

#include <utility>

#include "base/run_on_loop.h"
#include "rpc/discovery.h"
#include "rpc/infer_call.h"
#include "rpc/statistics.h"
#include "rpc/stream_call.h"
#include "rpc/trace_settings.h"
#include "rpc/unary.h"

namespace tournant {
namespace {

constexpr char kSharedMemory[] =
    "Client shared memory is disabled: this server takes tensors in messages only";

Detached DrainStreams(CallCount& calls, Lane& lane) {
  CallCount::Member here(calls);  // The drain waits for it, so that the loop is still there.
  co_await SwitchTo(lane.loop);
  lane.streams.Drain();
}

}  // namespace

InferenceService::InferenceService(const ModelRegistry& registry, Predictor& predictor,
                                   const Clock& clock, CallCount& calls, std::function<bool()> live,
                                   std::function<bool()> ready, Options options)
    : registry_(registry),
      clock_(clock),
      calls_(calls),
      live_(std::move(live)),
      ready_(std::move(ready)),
      options_(options),
      infer_{service_, predictor, clock, calls, options.calls, options.tracer},
      repository_{service_,
                  registry,
                  options.repository,
                  options.models_changed,
                  {calls, clock, options.calls.dialect}} {}

void InferenceService::Start(Lane& lane) {
  lanes_.push_back(&lane);
  for (int i = 0; i < options_.infer_slots; ++i) ServeModelInfer(infer_, lane);
  for (int i = 0; i < options_.stream_slots; ++i) ServeModelStreamInfer(infer_, lane);
  StartDiscovery(lane);
  StartRepositoryCalls(repository_, lane);
  StartSettings(lane);
  StartUnimplemented(lane);
}

void InferenceService::EndStreams() {
  for (Lane* lane : lanes_) DrainStreams(calls_, *lane);
}

void InferenceService::StartDiscovery(Lane& lane) {
  using namespace inference;
  const UnaryDependencies dependencies{calls_, clock_, options_.calls.dialect};
  ServeUnary<ServerLiveRequest, ServerLiveResponse>(dependencies, lane, Method::kServerLive,
                                                    TOURNANT_REQUEST(&service_, ServerLive),
                                                    [this](const auto&, auto& answer) {
                                                      answer.set_live(live_());
                                                      return absl::OkStatus();
                                                    });
  ServeUnary<ServerReadyRequest, ServerReadyResponse>(dependencies, lane, Method::kServerReady,
                                                      TOURNANT_REQUEST(&service_, ServerReady),
                                                      [this](const auto&, auto& answer) {
                                                        answer.set_ready(ready_());
                                                        return absl::OkStatus();
                                                      });
  ServeUnary<ServerMetadataRequest, ServerMetadataResponse>(
      dependencies, lane, Method::kServerMetadata, TOURNANT_REQUEST(&service_, ServerMetadata),
      [](const auto&, auto& answer) {
        DescribeServer(answer);
        return absl::OkStatus();
      });
  const auto about = [registry = &registry_](auto describe) {
    return [registry, describe](const auto& request, auto& answer) {
      return describe(*registry, request, answer);
    };
  };
  ServeUnary<ModelReadyRequest, ModelReadyResponse>(dependencies, lane, Method::kModelReady,
                                                    TOURNANT_REQUEST(&service_, ModelReady),
                                                    about(&DescribeReadiness));
  ServeUnary<ModelMetadataRequest, ModelMetadataResponse>(
      dependencies, lane, Method::kModelMetadata, TOURNANT_REQUEST(&service_, ModelMetadata),
      about(&DescribeModel));
  ServeUnary<ModelConfigRequest, ModelConfigResponse>(dependencies, lane, Method::kModelConfig,
                                                      TOURNANT_REQUEST(&service_, ModelConfig),
                                                      about(&DescribeConfig));
  ServeUnary<ModelStatisticsRequest, ModelStatisticsResponse>(
      dependencies, lane, Method::kModelStatistics, TOURNANT_REQUEST(&service_, ModelStatistics),
      about(&DescribeStatistics));
}

void InferenceService::StartSettings(Lane& lane) {
  using namespace inference;
  const UnaryDependencies dependencies{calls_, clock_, options_.calls.dialect};
  ServeUnary<TraceSettingRequest, TraceSettingResponse>(
      dependencies, lane, Method::kTraceSetting, TOURNANT_REQUEST(&service_, TraceSetting),
      [registry = &registry_](const auto& request, auto& answer) {
        return DescribeTracing(*registry, request, answer);
      });
  ServeUnary<LogSettingsRequest, LogSettingsResponse>(
      dependencies, lane, Method::kLogSettings, TOURNANT_REQUEST(&service_, LogSettings),
      [settings = &log_settings_](const auto& request, auto& answer) {
        return settings->Update(request, answer);
      });
}

#define TOURNANT_REFUSE(Name, text)                                          \
  ServeUnary<inference::Name##Request, inference::Name##Response>(           \
      dependencies, lane, Method::kOther, TOURNANT_REQUEST(&service_, Name), \
      [](const auto&, auto&) { return absl::UnimplementedError(text); })

void InferenceService::StartUnimplemented(Lane& lane) {
  const UnaryDependencies dependencies{calls_, clock_, options_.calls.dialect};
  TOURNANT_REFUSE(SystemSharedMemoryStatus, kSharedMemory);
  TOURNANT_REFUSE(SystemSharedMemoryRegister, kSharedMemory);
  TOURNANT_REFUSE(SystemSharedMemoryUnregister, kSharedMemory);
  TOURNANT_REFUSE(CudaSharedMemoryStatus, kSharedMemory);
  TOURNANT_REFUSE(CudaSharedMemoryRegister, kSharedMemory);
  TOURNANT_REFUSE(CudaSharedMemoryUnregister, kSharedMemory);
}

#undef TOURNANT_REFUSE

}  // namespace tournant
