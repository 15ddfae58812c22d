#include "cq/call_done.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/phase.h"
#include "base/sleep.h"
#include "base/task.h"
#include "cq/cq_operation.h"
#include "cq/loop_thread.h"
#include "fakes/in_process_tsan.h"
#include "fakes/live_count.h"
#include "feast/serving/ServingService.grpc.pb.h"

namespace tournant {
namespace {

using feast::serving::GetFeastServingInfoRequest;
using feast::serving::GetFeastServingInfoResponse;

// What a served call saw.
struct Seen {
  std::optional<bool> started;
  std::optional<bool> sent;
  std::optional<absl::Status> waited;
  bool done_before_finish = false;
  bool cancelled = false;
  Latch requested;
  Latch arrived;
  Latch ended;
};

// A server with one asynchronous method, reached without a socket.
class OneMethod {
 public:
  OneMethod() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    auto queue = builder.AddCompletionQueue();
    queue_ = queue.get();
    server_ = builder.BuildAndStart();
    thread_.emplace(std::move(queue));
    stub_ = feast::serving::ServingService::NewStub(server_->InProcessChannel({}));
  }
  ~OneMethod() { Shutdown(); }

  // Waits for one call and answers it: at once, or when the caller has gone.
  Detached Serve(bool wait_for_leaving, Seen& seen) {
    const LiveCount frame;
    // gRPC's headers touch a request where it is made and where it ends: one thread, here as in the
    // server, or ThreadSanitizer reports them.
    co_await Hop(thread_->loop());
    grpc::ServerContext context;
    GetFeastServingInfoRequest request;
    GetFeastServingInfoResponse response;
    grpc::ServerAsyncResponseWriter<GetFeastServingInfoResponse> writer(&context);
    CallDone done(context);

    const auto accept = [&](void* tag) {
      service_.RequestGetFeastServingInfo(&context, &request, &writer, queue_, queue_, tag);
      seen.requested.CountDown();
    };
    seen.started = co_await CqOperation(accept);
    if (!*seen.started) {
      seen.ended.CountDown();
      co_return;  // `done` would never come.
    }
    seen.arrived.CountDown();
    if (wait_for_leaving) {
      CallPhase phase(thread_->clock(), nullptr);
      const TimePoint never = thread_->clock().Now() + std::chrono::hours(24);
      const CallContext call{thread_->loop(), thread_->clock(), never, done.cancelled(), phase};
      seen.waited = co_await SleepUntil(call, never);
      seen.done_before_finish = done.await_ready();
    }
    response.set_version("served");
    const auto finish = [&](void* tag) { writer.Finish(response, grpc::Status::OK, tag); };
    seen.sent = co_await CqOperation(finish);
    co_await done;
    seen.cancelled = done.cancelled().stop_requested();
    seen.ended.CountDown();
  }

  grpc::Status Call(grpc::ClientContext& context, GetFeastServingInfoResponse& response) {
    return stub_->GetFeastServingInfo(&context, {}, &response);
  }

  // Cancels the calls that are open; they end on their own.
  void CutOff() { server_->Shutdown(gpr_time_0(GPR_CLOCK_REALTIME)); }
  // From the test's thread: never from the loop's, whose events it waits for.
  void Shutdown() {
    if (server_ == nullptr) return;
    server_->Shutdown();
    thread_->Stop();
    server_.reset();
  }

 private:
  feast::serving::ServingService::AsyncService service_;
  std::unique_ptr<grpc::Server> server_;
  grpc::ServerCompletionQueue* queue_ = nullptr;
  std::optional<LoopThread> thread_;
  std::unique_ptr<feast::serving::ServingService::Stub> stub_;
};

TEST(CallDone, ComesAfterAnAnswerWithoutRaisingTheStopToken) {
  OneMethod server;
  Seen seen;
  server.Serve(/*wait_for_leaving=*/false, seen);
  grpc::ClientContext context;
  GetFeastServingInfoResponse response;
  const grpc::Status status = server.Call(context, response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.version(), "served");
  seen.ended.Wait();
  EXPECT_EQ(seen.started, true);
  EXPECT_EQ(seen.sent, true);
  EXPECT_FALSE(seen.cancelled);
}

TEST(CallDone, RaisesTheStopTokenWhenTheCallerCancelsAndComesBeforeTheFinish) {
  OneMethod server;
  Seen seen;
  server.Serve(/*wait_for_leaving=*/true, seen);
  grpc::ClientContext context;
  const Thread caller("caller", [&] {
    GetFeastServingInfoResponse response;
    EXPECT_EQ(server.Call(context, response).error_code(), grpc::StatusCode::CANCELLED);
  });
  seen.arrived.Wait();
  context.TryCancel();
  seen.ended.Wait();
  EXPECT_EQ(seen.waited->code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(seen.done_before_finish);
  EXPECT_TRUE(seen.cancelled);
  EXPECT_EQ(seen.sent, false);
}

TEST(CallDone, RaisesTheStopTokenWhenTheCallersDeadlinePasses) {
  OneMethod server;
  Seen seen;
  server.Serve(/*wait_for_leaving=*/true, seen);
  grpc::ClientContext context;
  context.set_deadline(SystemClock().WallNow() + std::chrono::milliseconds(200));
  GetFeastServingInfoResponse response;
  EXPECT_EQ(server.Call(context, response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  server.Shutdown();
  // On a slow machine the deadline may pass before the call has reached the server.
  if (*seen.started) EXPECT_TRUE(seen.cancelled);
}

TEST(CallDone, NeverComesForACallThatDidNotStart) {
  Seen seen;
  {
    OneMethod server;
    server.Serve(/*wait_for_leaving=*/false, seen);
    seen.requested.Wait();
    EXPECT_EQ(LiveCount::alive(), 1);
    server.Shutdown();  // Returns: the queue holds no tag of it.
    seen.ended.Wait();
  }
  EXPECT_EQ(seen.started, false);
  EXPECT_EQ(seen.sent, std::nullopt);
  EXPECT_EQ(LiveCount::alive(), 0);
}

TEST(CallDone, ComesForACallThatAShutdownCutsOff) {
  OneMethod server;
  Seen seen;
  server.Serve(/*wait_for_leaving=*/true, seen);
  grpc::ClientContext context;
  const Thread caller("caller", [&] {
    GetFeastServingInfoResponse response;
    EXPECT_FALSE(server.Call(context, response).ok());
  });
  seen.arrived.Wait();
  server.CutOff();
  seen.ended.Wait();
  EXPECT_TRUE(seen.cancelled);
  server.Shutdown();  // The frame dies a moment after the call has ended.
  EXPECT_EQ(LiveCount::alive(), 0);
}

}  // namespace
}  // namespace tournant
