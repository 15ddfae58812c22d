#include "telemetry/otlp_encode.h"

#include <chrono>
#include <string>

#include "base/utf8.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace tournant {
namespace {

namespace otlp = ::opentelemetry::proto;

// The W3C flags of a span's context, in its lowest byte.
constexpr uint32_t kSampledFlag = 1;
constexpr uint32_t kRandomFlag = 2;

std::string Text(const std::string& text) { return IsUtf8(text) ? text : ToUtf8(text); }

template <size_t N>
std::string Bytes(const std::array<uint8_t, N>& id) {
  return {reinterpret_cast<const char*>(id.data()), N};
}

uint64_t UnixNanos(WallTime time) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

uint32_t Flags(const TraceContext& context) {
  return (context.sampled ? kSampledFlag : 0) | (context.random ? kRandomFlag : 0);
}

otlp::trace::v1::Span::SpanKind Kind(SpanKind kind) {
  switch (kind) {
    case SpanKind::kInternal:
      return otlp::trace::v1::Span::SPAN_KIND_INTERNAL;
    case SpanKind::kServer:
      return otlp::trace::v1::Span::SPAN_KIND_SERVER;
    case SpanKind::kClient:
      return otlp::trace::v1::Span::SPAN_KIND_CLIENT;
  }
  return otlp::trace::v1::Span::SPAN_KIND_UNSPECIFIED;
}

void Encode(const SpanAttribute& from, otlp::common::v1::KeyValue& to) {
  to.set_key(from.key);
  otlp::common::v1::AnyValue& value = *to.mutable_value();
  if (const auto* text = std::get_if<std::string>(&from.value)) {
    value.set_string_value(Text(*text));
  } else if (const auto* number = std::get_if<int64_t>(&from.value)) {
    value.set_int_value(*number);
  } else {
    value.set_bool_value(std::get<bool>(from.value));
  }
}

void Encode(const Span& from, otlp::trace::v1::Span& to) {
  to.set_trace_id(Bytes(from.context.trace_id));
  to.set_span_id(Bytes(from.context.span_id));
  if (from.parent != SpanId{}) to.set_parent_span_id(Bytes(from.parent));
  to.set_trace_state(from.state);
  to.set_flags(Flags(from.context));
  to.set_name(Text(from.name));
  to.set_kind(Kind(from.kind));
  to.set_start_time_unix_nano(UnixNanos(from.start));
  to.set_end_time_unix_nano(UnixNanos(from.end));
  for (const SpanAttribute& attribute : from.attributes) Encode(attribute, *to.add_attributes());
  for (const TraceContext& link : from.links) {
    otlp::trace::v1::Span::Link& added = *to.add_links();
    added.set_trace_id(Bytes(link.trace_id));
    added.set_span_id(Bytes(link.span_id));
    added.set_flags(Flags(link));
  }
  if (!from.failed) return;
  to.mutable_status()->set_code(otlp::trace::v1::Status::STATUS_CODE_ERROR);
  to.mutable_status()->set_message(Text(from.error));
}

}  // namespace

void EncodeSpans(const std::vector<Span>& spans, const OtlpResource& resource,
                 otlp::collector::trace::v1::ExportTraceServiceRequest& request) {
  otlp::trace::v1::ResourceSpans& group = *request.add_resource_spans();
  for (const SpanAttribute& attribute : resource) {
    Encode(attribute, *group.mutable_resource()->add_attributes());
  }
  otlp::trace::v1::ScopeSpans& scope = *group.add_scope_spans();
  scope.mutable_scope()->set_name("tournant");
  scope.mutable_scope()->set_version(TOURNANT_VERSION);
  for (const Span& span : spans) Encode(span, *scope.add_spans());
}

}  // namespace tournant
