#include "predictions/run_end.h"

#include "absl/strings/str_cat.h"
#include "tournant/prediction.pb.h"

namespace tournant {

std::string EncodeRunEnd(const PredictionLogCounters& counters) {
  LoggedRunEnd end;
  end.set_enqueued(counters.enqueued);
  end.set_durable(counters.durable);
  end.set_dropped_full(counters.dropped_full);
  end.set_dropped_oversize(counters.dropped_oversize);
  end.set_dropped_serialize(counters.dropped_serialize);
  end.set_dropped_io(counters.dropped_io);
  end.set_dropped_shutdown(counters.dropped_shutdown);
  return end.SerializeAsString();
}

std::string RunEndJsonLine(const PredictionLogCounters& counters) {
  return absl::StrCat(
      "{\"run_end\":{\"enqueued\":", counters.enqueued, ",\"durable\":", counters.durable,
      ",\"dropped\":{\"full\":", counters.dropped_full, ",\"oversize\":", counters.dropped_oversize,
      ",\"serialize\":", counters.dropped_serialize, ",\"io\":", counters.dropped_io,
      ",\"shutdown\":", counters.dropped_shutdown, "}}}\n");
}

}  // namespace tournant
