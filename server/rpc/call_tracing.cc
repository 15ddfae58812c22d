#include "rpc/call_tracing.h"

#include <iterator>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

std::optional<TraceContext> CallerOf(const grpc::ServerContext& context) {
  const auto [first, last] = context.client_metadata().equal_range("traceparent");
  if (first == last || std::next(first) != last) return std::nullopt;
  return ParseTraceparent({first->second.data(), first->second.size()});
}

// Of several headers, since a list may be split.
std::string StateOf(const grpc::ServerContext& context) {
  const auto [first, last] = context.client_metadata().equal_range("tracestate");
  std::string state;
  for (auto entry = first; entry != last; ++entry) {
    absl::StrAppend(&state, state.empty() ? "" : ",",
                    absl::string_view(entry->second.data(), entry->second.size()));
  }
  return IsTracestate(state) ? state : "";
}

}  // namespace

std::unique_ptr<CallTrace> StartCallTrace(Tracer* tracer, const grpc::ServerContext& context) {
  const std::optional<TraceContext> caller = CallerOf(context);
  if (!caller && tracer == nullptr) return nullptr;
  return CallTrace::Start(tracer, caller, caller ? StateOf(context) : "");
}

}  // namespace tournant
