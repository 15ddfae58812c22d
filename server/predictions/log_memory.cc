#include "predictions/log_memory.h"

#include <algorithm>

namespace tournant {
namespace {

// Of the bytes that records are counted with: what the allocator rounds up, up to a quarter for
// tensors just above one of its sizes.
constexpr double kHeld = 1.25;

// What a batch takes besides, as a multiple of its bytes. Records leave one after the other, as
// their payloads come.
double Besides(LogSink::Kind sink, bool compress) {
  switch (sink) {
    case LogSink::Kind::kFolder:
      break;
    case LogSink::Kind::kJsonLines:
      // The text of a byte is up to six characters ("false,"), and it is moved once while it grows.
      return 9;
    case LogSink::Kind::kKafka:
      // librdkafka puts messages together into requests, and these are compressed. Not measured.
      return compress ? 3 : 2;
  }
  // A payload while its record is there, and as much compressed where that does not help.
  return compress ? 2 : 1;
}

}  // namespace

int64_t LogMemory(LogSink::Kind sink, bool compress, const PredictionLog::Options& options) {
  const auto bound = static_cast<double>(options.limits.max_bytes);
  // It ends with the record that makes it large enough.
  const auto batch =
      std::min(bound, static_cast<double>(options.flush_bytes + options.limits.max_record_bytes));
  return static_cast<int64_t>(kHeld * bound + Besides(sink, compress) * batch);
}

}  // namespace tournant
