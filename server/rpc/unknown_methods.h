#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include "base/call_count.h"
#include "base/clock.h"
#include "base/task.h"
#include "rpc/lane.h"

namespace tournant {

// Answers calls of methods that no service of the server has with UNIMPLEMENTED, as gRPC would by
// itself, so that they are counted: all as Method::kOther, since callers choose their names. Owned
// by the server and outlives its calls.
class UnknownMethods {
 public:
  // Both outlive it.
  UnknownMethods(CallCount& calls, const Clock& clock) : calls_(calls), clock_(clock) {}

  // To register with the builder.
  grpc::AsyncGenericService& service() { return service_; }
  // Posts a slot on `lane`. Once per lane, after the server was started.
  void Start(Lane& lane) { Serve(*this, lane); }

 private:
  static Detached Serve(UnknownMethods& self, Lane& lane);

  grpc::AsyncGenericService service_;
  CallCount& calls_;
  const Clock& clock_;
};

}  // namespace tournant
