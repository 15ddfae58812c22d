#include "telemetry/call_trace.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace tournant {
namespace {

constexpr size_t kMostText = 256;

std::string Cut(absl::string_view text) { return std::string(text.substr(0, kMostText)); }

// In the order in which a call goes through them, each the time of one or two phases.
struct StepPhases {
  const char* name;
  Phase first;
  Phase last;
};
constexpr StepPhases kStepPhases[] = {
    {"admission", Phase::kAccepted, Phase::kValidating},
    {"features", Phase::kAwaitingFeatures, Phase::kAwaitingFeatures},
    {"queue", Phase::kQueued, Phase::kQueued},
    {"compute", Phase::kComputing, Phase::kComputing},
    {"respond", Phase::kResponding, Phase::kResponding},
};

// Names and attributes are those of gRPC's tracing (A72), and of OpenTelemetry's conventions for
// HTTP.
std::string NameOf(const CallTrace::Summary& summary) {
  if (summary.http) return std::string(summary.method);
  return absl::StrCat("Recv.", absl::StrReplaceAll(summary.method, {{"/", "."}}));
}

std::vector<SpanAttribute> TransportAttributes(const CallTrace::Summary& summary) {
  if (!summary.http) {
    return {{"rpc.system.name", std::string("grpc")},
            {"rpc.method", std::string(summary.method)},
            {"rpc.response.status_code", std::string(summary.code)}};
  }
  const std::pair<std::string, std::string> parts = absl::StrSplit(summary.method, ' ');
  std::vector<SpanAttribute> attributes = {{"http.request.method", parts.first},
                                           {"http.route", parts.second}};
  if (summary.failed) attributes.push_back({"error.type", std::string(summary.code)});
  return attributes;
}

std::vector<SpanAttribute> AttributesOf(const CallTrace::Summary& summary) {
  std::vector<SpanAttribute> attributes = TransportAttributes(summary);
  if (!summary.request_id.empty()) attributes.push_back({"request_id", Cut(summary.request_id)});
  if (!summary.model.empty()) attributes.push_back({"model_name", Cut(summary.model)});
  if (summary.version > 0) attributes.push_back({"model_version", summary.version});
  return attributes;
}

}  // namespace

CallTrace::CallTrace(const std::optional<TraceContext>& caller, std::string state) {
  if (caller) {
    context_ = *caller;
    caller_ = caller->span_id;
    scope_.state = std::move(state);
  }
  scope_.parent = context_;
}

std::unique_ptr<CallTrace> CallTrace::Start(Tracer* tracer,
                                            const std::optional<TraceContext>& caller,
                                            std::string state) {
  std::optional<TraceContext> own;
  if (tracer != nullptr) own = tracer->Sample(caller);
  if (!own && !caller) return nullptr;
  std::unique_ptr<CallTrace> trace(new CallTrace(caller, std::move(state)));
  if (!own) return trace;
  trace->context_ = *own;
  for (SpanId& step : trace->steps_) step = tracer->NewSpanId();
  trace->scope_.tracer = tracer;
  trace->scope_.parent = *own;
  trace->scope_.parent.span_id = trace->steps_[kFeatures];
  trace->scope_.compute = *own;
  trace->scope_.compute.span_id = trace->steps_[kCompute];
  return trace;
}

void CallTrace::End(const CallPhase& phase, TimePoint ended, const Summary& summary) {
  if (!scope_.recorded()) return;
  Tracer& tracer = *scope_.tracer;
  const WallTime end = tracer.WallAt(ended);
  const auto since_accepted = [&](Duration since) {
    return end -
           std::chrono::duration_cast<WallTime::duration>(ended - phase.accepted_at() - since);
  };
  std::vector<Span> spans;
  spans.reserve(kSteps + 1);
  Span call;
  call.context = context_;
  call.parent = caller_;
  call.state = scope_.state;
  call.name = NameOf(summary);
  call.kind = SpanKind::kServer;
  call.start = since_accepted(Duration::zero());
  call.end = end;
  call.attributes = AttributesOf(summary);
  call.failed = summary.failed;
  call.error = Cut(summary.error);
  spans.push_back(std::move(call));

  // Phases follow one another and none comes twice, so that their lengths tell when each began.
  Duration before = Duration::zero();
  for (size_t step = 0; step < kSteps; ++step) {
    const auto& [name, first, last] = kStepPhases[step];
    Duration spent = phase.spent(first);
    if (first != last) spent += phase.spent(last);
    if (!phase.visited(first)) continue;
    Span span;
    span.context = context_;
    span.context.span_id = steps_[step];
    span.parent = context_.span_id;
    span.state = scope_.state;
    span.name = name;
    span.start = since_accepted(before);
    before += spent;
    span.end = since_accepted(before);
    if (step == kCompute && summary.batch) span.links.push_back(*summary.batch);
    spans.push_back(std::move(span));
  }
  tracer.Add(std::move(spans));
}

}  // namespace tournant
