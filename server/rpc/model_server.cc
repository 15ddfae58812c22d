#include "rpc/model_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cq/connection_policy.h"
#include "cq/without_reflection.h"
#include "rpc/methods.h"

namespace tournant {
namespace {

void Configure(const ModelServer::Options& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(options.max_message_bytes);
  SetConnectionPolicy(options.max_connection_age, builder);
  if (!options.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
}

InferenceService::Options ServiceOptions(const ModelServer::Options& options, Health& health) {
  InferenceService::Options service = options.service;
  service.models_changed = [&health] { health.Refresh(); };
  service.calls.max_message_bytes = options.max_message_bytes;
  return service;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ModelServer>> ModelServer::Start(
    Options options, const ModelRegistry& registry, Predictor& predictor, const Clock& clock,
    const std::vector<CallMetrics*>& metrics) {
  // Read when a server is built; doing it again changes nothing.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  std::unique_ptr<ModelServer> server(
      new ModelServer(std::move(options), registry, predictor, clock));
  absl::Status built = server->Build(metrics);
  if (!built.ok()) return built;
  return server;
}

ModelServer::ModelServer(Options options, const ModelRegistry& registry, Predictor& predictor,
                         const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      health_(registry, health_service_),
      service_(
          registry, predictor, clock, calls_, [this] { return health_.live(); },
          [this] { return health_.ready(); }, ServiceOptions(options_, health_)) {}

ModelServer::~ModelServer() {
  StopAccepting(Duration::zero());
  StopLoops();
}

absl::Status ModelServer::Build(const std::vector<CallMetrics*>& metrics) {
  grpc::ServerBuilder builder;
  Configure(options_, builder);
  if (!options_.address.empty()) {
    builder.AddListeningPort(options_.address, grpc::InsecureServerCredentials(), &port_);
  }
  builder.RegisterService(&service_.service());
  builder.RegisterService(&health_service_.service());
  builder.RegisterAsyncGenericService(&unknown_methods_.service());
  for (CallMetrics* lane_metrics : metrics) {
    lanes_.push_back(std::make_unique<Lane>(builder.AddCompletionQueue(), clock_, *lane_metrics));
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || (!options_.address.empty() && port_ == 0)) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on --grpc_address=", options_.address,
                     ": is the port taken, or the address not of this machine?"));
  }
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = *lanes_[i];
    service_.Start(lane);
    health_service_.Accept(lane.loop, *lane.queue,
                           {&lane.metrics, &clock_, static_cast<size_t>(Method::kHealthCheck),
                            static_cast<size_t>(Method::kHealthWatch)});
    unknown_methods_.Start(lane);
    threads_.emplace_back(absl::StrCat("loop-", i), [&lane] { lane.loop.Run(); });
  }
  watchdog_ = std::make_unique<Watchdog>(lanes_, health_, calls_, clock_, options_.watchdog);
  watchdog_->Start();
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> ModelServer::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options_.max_message_bytes);
  return server_->InProcessChannel(arguments);
}

std::vector<CallHome> ModelServer::homes() {
  std::vector<CallHome> homes;
  homes.reserve(lanes_.size());
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    homes.push_back({&lane->loop, &lane->metrics, &lane->in_flight, &lane->call_log});
  }
  return homes;
}

void ModelServer::StopAccepting(Duration grace) {
  if (watchdog_ == nullptr) return;  // Stopped before, or never started.
  health_.StartDraining();
  watchdog_->Stop();
  watchdog_.reset();
  health_service_.End();
  service_.EndStreams();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(grace).count();
  server_->Shutdown(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(micros, GPR_TIMESPAN)));
  calls_.WaitForZero();
  if (options_.wait_for_background) options_.wait_for_background();
}

void ModelServer::StopLoops() {
  if (threads_.empty()) {
    // Never started: the queues still have to be shut down and drained before they are destroyed.
    if (server_ == nullptr) {
      for (auto& lane : lanes_) {
        lane->loop.Shutdown();
        lane->loop.Run();
      }
      lanes_.clear();
    }
    return;
  }
  for (auto& lane : lanes_) lane->loop.Shutdown();
  threads_.clear();  // Joins.
  server_.reset();
  lanes_.clear();
}

}  // namespace tournant
