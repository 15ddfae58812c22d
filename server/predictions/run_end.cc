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

std::string RunEndJsonLine(absl::string_view run, const PredictionLogCounters& counters) {
  return absl::StrCat(R"({"run_end":{"run":")", run, R"(","enqueued":)", counters.enqueued,
                      R"(,"durable":)", counters.durable, R"(,"dropped":{"full":)",
                      counters.dropped_full, R"(,"oversize":)", counters.dropped_oversize,
                      R"(,"serialize":)", counters.dropped_serialize, R"(,"io":)",
                      counters.dropped_io, R"(,"shutdown":)", counters.dropped_shutdown, "}}}\n");
}

}  // namespace tournant
