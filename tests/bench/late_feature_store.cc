// A Feast-compatible feature store that keeps its callers waiting, for scripts/bench/waiting: each
// answer leaves --delay after its request came, with --hold=N none before N rows have been asked
// for. One completion queue and one thread, however many wait.
//
// A request names one entity key, an INT64, and features by reference; the value of every feature
// is the number in the row's key, so that an answer tells whom it belongs to.
//
// Prints {"event":"ready","grpc":PORT} when it serves and {"event":"held","requests":N} when
// all rows to hold have come; SIGTERM and SIGINT end it.

#include <grpc/support/time.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/thread.h"
#include "feast/serving/ServingService.grpc.pb.h"

ABSL_FLAG(absl::Duration, delay, absl::Seconds(1), "How long each answer is kept.");
ABSL_FLAG(int64_t, hold, 0, "Nothing is answered before so many rows have been asked for.");

namespace tournant {
namespace {

// Posted ahead, so that a burst finds somebody to take it.
constexpr int kSlots = 256;

using feast::serving::GetOnlineFeaturesRequest;
using feast::serving::GetOnlineFeaturesResponse;
using Service = feast::serving::ServingService::WithAsyncMethod_GetOnlineFeatures<
    feast::serving::ServingService::Service>;

GetOnlineFeaturesResponse::FeatureVector& AddColumn(const std::string& name,
                                                    GetOnlineFeaturesResponse& response) {
  response.mutable_metadata()->mutable_feature_names()->add_val(name);
  return *response.add_results();
}

grpc::Status Answer(const GetOnlineFeaturesRequest& request, int64_t now_s,
                    GetOnlineFeaturesResponse& response) {
  if (request.entities_size() != 1 || !request.full_feature_names()) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "expected one entity key and full feature names"};
  }
  const auto& [key, rows] = *request.entities().begin();
  auto& echo = AddColumn(key, response);
  *echo.mutable_values() = rows.val();
  for (const std::string& ref : request.features().val()) {
    auto& column = AddColumn(absl::StrReplaceAll(ref, {{":", "__"}}), response);
    for (const auto& entity : rows.val()) {
      column.add_values()->set_double_val(static_cast<double>(entity.int64_val()));
    }
  }
  for (auto& column : *response.mutable_results()) {
    for (int row = 0; row < rows.val_size(); ++row) {
      column.add_statuses(feast::serving::FieldStatus::PRESENT);
      column.add_event_timestamps()->set_seconds(now_s);
    }
  }
  return grpc::Status::OK;
}

int64_t RowsOf(const GetOnlineFeaturesRequest& request) {
  return request.entities().empty() ? 0 : request.entities().begin()->second.val_size();
}

// Takes calls, keeps them and answers them, on the thread that calls Run.
class LateStore {
 public:
  LateStore(Service& service, grpc::ServerCompletionQueue& queue, const Clock& clock,
            Duration delay, int64_t hold)
      : service_(service), queue_(queue), clock_(clock), delay_(delay), hold_(hold) {}

  // Until the queue is shut down.
  void Run() {
    for (int i = 0; i < kSlots; ++i) Post();
    void* tag = nullptr;
    bool ok = false;
    for (;;) {
      AnswerDue();
      const auto next = queue_.AsyncNext(&tag, &ok, UntilDue());
      if (next == grpc::CompletionQueue::SHUTDOWN) return;
      if (next == grpc::CompletionQueue::TIMEOUT) continue;
      std::unique_ptr<Call> call(static_cast<Call*>(tag));
      if (ok && !call->answered) Keep(std::move(call));  // Otherwise it is over.
    }
  }

 private:
  struct Call {
    grpc::ServerContext context;
    grpc::ServerAsyncResponseWriter<GetOnlineFeaturesResponse> writer{&context};
    GetOnlineFeaturesRequest request;
    TimePoint due;
    bool answered = false;
  };

  void Post() {
    auto* const call = new Call;  // The queue gives it back.
    service_.RequestGetOnlineFeatures(&call->context, &call->request, &call->writer, &queue_,
                                      &queue_, call);
  }

  void Keep(std::unique_ptr<Call> call) {
    Post();
    call->due = clock_.Now() + delay_;
    const bool holding = rows_ < hold_;
    rows_ += RowsOf(call->request);
    waiting_.push_back(std::move(call));
    if (!holding || rows_ < hold_) return;
    for (const auto& held : waiting_) held->due = clock_.Now() + delay_;
    std::printf("{\"event\":\"held\",\"requests\":%zu}\n", waiting_.size());
    std::fflush(stdout);
  }

  void AnswerDue() {
    if (rows_ < hold_ || waiting_.empty()) return;
    const TimePoint now = clock_.Now();
    const int64_t now_s =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.WallNow().time_since_epoch())
            .count();
    // All kept alike, so the first one to come is the first one to go.
    while (!waiting_.empty() && waiting_.front()->due <= now) {
      Call* const call = waiting_.front().release();
      waiting_.pop_front();
      GetOnlineFeaturesResponse response;
      const grpc::Status status = Answer(call->request, now_s, response);
      call->answered = true;
      call->writer.Finish(response, status, call);
    }
  }

  gpr_timespec UntilDue() const {
    if (rows_ < hold_ || waiting_.empty()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    const Duration left = waiting_.front()->due - clock_.Now();
    return gpr_time_from_nanos(left.count(), GPR_TIMESPAN);
  }

  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  const Clock& clock_;
  const Duration delay_;
  const int64_t hold_;
  int64_t rows_ = 0;  // Asked for so far.
  std::deque<std::unique_ptr<Call>> waiting_;
};

int Serve() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  // Callers that wait for long ask now and then whether we are still there.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::fprintf(stderr, "late_feature_store: cannot listen\n");
    return 1;
  }
  const SystemClock clock;
  LateStore store(service, *queue, clock, absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_delay)),
                  absl::GetFlag(FLAGS_hold));
  Thread thread("late-store", [&] { store.Run(); });
  std::printf("{\"event\":\"ready\",\"grpc\":%d}\n", port);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  queue->Shutdown();
  return 0;
}

int Run(int argc, char** argv) {
  const std::vector<std::string> names = {"delay", "hold"};
  const absl::StatusOr<CommandLine> line = ReadFlags(names, Arguments(argc, argv), {});
  if (!line.ok()) {
    std::fprintf(stderr, "late_feature_store: %s\n", std::string(line.status().message()).c_str());
    return 2;
  }
  if (line->help) {
    std::fputs(FlagHelp("late_feature_store", "answers late", names).c_str(), stdout);
    return 0;
  }
  return Serve();
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return tournant::Run(argc, argv);
}
