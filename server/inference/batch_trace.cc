#include "inference/batch_trace.h"

#include <string>
#include <utility>

#include "telemetry/tracer.h"

namespace tournant {

void BatchTrace::End(int64_t rows, TimePoint started, TimePoint finished,
                     const absl::Status& status) {
  if (jobs_.empty()) return;
  const ModelVersion& version = *jobs_.front()->version;
  Span span;
  span.context = tracer_->NewTrace();
  span.name = "batch";
  span.start = tracer_->WallAt(started);
  span.end = tracer_->WallAt(finished);
  span.attributes = {
      {"model_name", version.name}, {"model_version", version.version}, {"rows", rows}};
  span.failed = !status.ok();
  span.error = std::string(status.message());
  for (InferenceJob* job : jobs_) {
    job->trace->batch = span.context;
    span.links.push_back(job->trace->compute);
  }
  jobs_.clear();
  std::vector<Span> spans;
  spans.push_back(std::move(span));
  tracer_->Add(std::move(spans));
}

}  // namespace tournant
