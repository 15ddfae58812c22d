#pragma once

#include <vector>

#include "telemetry/span.h"

namespace opentelemetry::proto::collector::trace::v1 {
class ExportTraceServiceRequest;
}

namespace tournant {

// What the spans are of: attributes of the resource, such as service.name.
using OtlpResource = std::vector<SpanAttribute>;

// Spans as OTLP has them. Texts that are not UTF-8 are mended, since protobuf refuses them.
void EncodeSpans(const std::vector<Span>& spans, const OtlpResource& resource,
                 opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest& request);

}  // namespace tournant
