#include "telemetry/client_span.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "telemetry/tracer.h"

namespace tournant {

ClientSpan::ClientSpan(const CallContext& call, absl::string_view method)
    : clock_(call.clock),
      scope_(*call.trace),
      method_(absl::StripPrefix(method, "/")),
      started_(call.clock.Now()),
      context_(scope_.recorded() ? scope_.tracer->NewSpanIn(scope_.parent) : scope_.parent) {}

void ClientSpan::End(absl::StatusCode code, int64_t rows) {
  if (!scope_.recorded()) return;
  Span span;
  span.context = context_;
  span.parent = scope_.parent.span_id;
  span.state = scope_.state;
  span.name = absl::StrCat("Sent.", absl::StrReplaceAll(method_, {{"/", "."}}));
  span.kind = SpanKind::kClient;
  span.start = scope_.tracer->WallAt(started_);
  span.end = scope_.tracer->WallAt(clock_.Now());
  span.links = scope_.others;
  span.failed = code != absl::StatusCode::kOk;
  span.attributes = {{"rpc.system.name", std::string("grpc")},
                     {"rpc.method", method_},
                     {"rpc.response.status_code", absl::StatusCodeToString(code)},
                     {"rows", rows}};
  std::vector<Span> spans;
  spans.push_back(std::move(span));
  scope_.tracer->Add(std::move(spans));
}

}  // namespace tournant
