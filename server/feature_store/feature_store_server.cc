#include "feature_store/feature_store_server.h"

#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/run_on_loop.h"
#include "base/status.h"
#include "cq/connection_policy.h"
#include "cq/without_reflection.h"
#include "feature_store/feature_store_options.h"
#include "feature_store/open_store.h"
#include "feature_store/redis_fields.h"
#include "feature_store/source_metrics.h"

namespace tournant {

absl::StatusOr<std::unique_ptr<FeatureStoreServer>> FeatureStoreServer::Start(
    const FeatureStoreOptions& options, const Clock& clock) {
  const absl::StatusOr<KeyVersion> key_version = ParseKeyVersion(options.key_version);
  if (!key_version.ok()) return Annotate(key_version.status(), "key_version");
  const StoreLayout layout{.key_version = *key_version, .versioned_views = options.versioned_views};
  RegistrySource::Check check;
  if (IsRedisStore(options.store)) {
    check = [layout](const FeatureRegistry& registry) {
      return CheckRedisFields(registry, layout);
    };
  }
  absl::StatusOr<std::unique_ptr<RegistrySource>> registry =
      RegistrySource::Open(options.registry, options.project, std::move(check));
  if (!registry.ok()) return registry.status();
  absl::StatusOr<std::unique_ptr<OnlineStore>> store =
      OpenOnlineStore(options, (*registry)->registry()->project(), clock);
  if (!store.ok()) return store.status();

  std::unique_ptr<FeatureStoreServer> server(
      new FeatureStoreServer(*std::move(registry), *std::move(store),
                             {.layout = layout, .max_answer_bytes = options.max_message_bytes},
                             {.limit = options.call_limit}, clock));
  const absl::Status listening = server->Listen(options);
  if (!listening.ok()) return listening;
  server->registry_watch_.emplace(*server->registry_, options.registry_period,
                                  [server = server.get()] { server->UseRegistry(); });
  return server;
}

FeatureStoreServer::FeatureStoreServer(std::unique_ptr<RegistrySource> registry,
                                       std::unique_ptr<OnlineStore> store,
                                       const OnlineFeatures::Options& features,
                                       const FeatureService::Options& service, const Clock& clock)
    : clock_(clock),
      registry_(std::move(registry)),
      store_(std::move(store)),
      features_(registry_->registry(), *store_, features, &metrics_),
      service_(features_, metrics_.calls(), clock_, service) {}

absl::Status FeatureStoreServer::Listen(const FeatureStoreOptions& options) {
  const bool public_server = !options.address.empty();
  if (public_server) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  builder.SetMaxSendMessageSize(-1);  // answers are bounded when they are made
  if (public_server) {
    builder.AddListeningPort(options.address, grpc::InsecureServerCredentials(), &port_);
    SetConnectionPolicy(options.max_connection_age, builder);
    builder.RegisterService(&health_.service());
  } else {
    // Only this process reaches it, so nobody looks.
    builder.SetOption(std::make_unique<WithoutReflection>());
  }
  service_.RegisterWith(builder);
  std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
  grpc::ServerCompletionQueue& accepting = *queue;
  loop_ = std::make_unique<CqLoop>(std::move(queue), clock_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", Quote(options.address)));
  }
  service_.Accept(*loop_, accepting);
  if (public_server) {
    health_.Accept(*loop_, accepting,
                   {&metrics_.calls(), &clock_, static_cast<size_t>(StoreMethod::kHealthCheck),
                    static_cast<size_t>(StoreMethod::kHealthWatch)});
  }
  loop_thread_ = Thread("feature-store", [this] { loop_->Run(); });
  health_.Set("", true);
  health_.Set(feast::serving::ServingService::service_full_name(), true);
  health_.Set(GrpcFeatureServer::service_full_name(), true);
  ready_ = true;
  return absl::OkStatus();
}

void FeatureStoreServer::LookAtRegistry() {
  if (registry_->Look()) UseRegistry();
}

std::shared_ptr<grpc::Channel> FeatureStoreServer::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return server_->InProcessChannel(arguments);
}

void FeatureStoreServer::RegisterWith(MetricsRegistry& metrics) const {
  metrics_.RegisterWith(metrics);
  RegisterCallLimit(service_.limit(), metrics);
  RegisterRegistrySource(*registry_, metrics);
}

bool FeatureStoreServer::Live(std::chrono::milliseconds patience) {
  struct Question {
    Mutex mutex;
    CondVar changed;
    bool answered ABSL_GUARDED_BY(mutex) = false;
  };
  const auto question = std::make_shared<Question>();
  {
    MutexLock lock(loop_mutex_);
    if (loop_ends_) return true;
    RunOnLoop(*loop_, [question] {
      MutexLock asked(question->mutex);
      question->answered = true;
      question->changed.SignalAll();
    });
  }
  MutexLock lock(question->mutex);
  while (!question->answered) {
    if (!question->changed.WaitFor(question->mutex, patience)) break;
  }
  return question->answered;
}

void FeatureStoreServer::Shutdown(std::chrono::milliseconds grace) {
  if (stopped_) return;
  stopped_ = true;
  ready_ = false;
  registry_watch_.reset();
  if (server_ != nullptr) {
    health_.Set("", false);
    health_.End();
    server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                   gpr_time_from_millis(grace.count(), GPR_TIMESPAN)));
    service_.WaitUntilIdle();
    health_calls_.WaitForZero();
  }
  // No call is left, so nothing waits in the store and its threads post nothing more.
  store_.reset();
  if (loop_ != nullptr) {
    {
      MutexLock lock(loop_mutex_);
      loop_ends_ = true;
    }
    loop_->Shutdown();
    if (!loop_thread_.joinable())
      loop_->Run();  // Never started: a queue is drained before it dies.
    loop_thread_.Join();
  }
}

FeatureStoreServer::~FeatureStoreServer() { Shutdown(std::chrono::milliseconds(0)); }

}  // namespace tournant
