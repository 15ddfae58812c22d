#include "rpc/call_tracing.h"

#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "telemetry/caller_trace.h"

namespace tournant {
namespace {

using Values = absl::InlinedVector<absl::string_view, 4>;

Values ValuesOf(const grpc::ServerContext& context, const char* key) {
  Values values;
  const auto [first, last] = context.client_metadata().equal_range(key);
  for (auto entry = first; entry != last; ++entry) {
    values.emplace_back(entry->second.data(), entry->second.size());
  }
  return values;
}

}  // namespace

std::unique_ptr<CallTrace> StartCallTrace(Tracer* tracer, const grpc::ServerContext& context) {
  const Values parents = ValuesOf(context, "traceparent");
  if (parents.empty() && tracer == nullptr) return nullptr;
  CallerTrace caller;
  if (!parents.empty()) caller = ReadCallerTrace(parents, ValuesOf(context, "tracestate"));
  return CallTrace::Start(tracer, caller.context, std::move(caller.state));
}

}  // namespace tournant
