#include "rpc/unknown_methods.h"

#include "cq/call_done.h"
#include "cq/cq_operation.h"
#include "rpc/methods.h"

namespace tournant {

Detached UnknownMethods::Serve(UnknownMethods& self, Lane& lane) {
  CallCount::Member here(self.calls_);
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream(&context);
  CallDone done(context);
  const bool started = co_await CqOperation([&](void* tag) {
    self.service_.RequestCall(&context, &stream, lane.queue, lane.queue, tag);
  });
  if (!started) co_return;  // Shutting down: `done` will never fire.
  Serve(self, lane);

  constexpr size_t kMethod = static_cast<size_t>(Method::kOther);
  const TimePoint start = self.clock_.Now();
  lane.metrics.OnStarted(kMethod);
  const grpc::Status status(grpc::StatusCode::UNIMPLEMENTED, "");
  co_await CqOperation([&](void* tag) { stream.Finish(status, tag); });
  lane.metrics.OnFinished(kMethod, status.error_code(), self.clock_.Now() - start);
  co_await done;
}

}  // namespace tournant
