#include <nlohmann/json.hpp>
#include <string>

#include "predictions/prediction_log.h"

namespace tournant {

std::string PredictionLog::StatusJson() const {
  const PredictionLogCounters now = counters();
  const absl::Status error = last_error();
  using Json = nlohmann::ordered_json;
  const Json status = {{"sink", options_.sink},
                       {"enqueued", now.enqueued},
                       {"durable", now.durable},
                       {"dropped",
                        {{"full", now.dropped_full},
                         {"oversize", now.dropped_oversize},
                         {"serialize", now.dropped_serialize},
                         {"io", now.dropped_io},
                         {"shutdown", now.dropped_shutdown}}},
                       {"in_memory", now.in_memory},
                       {"in_memory_bytes", now.in_memory_bytes},
                       {"places", now.places},
                       {"places_bytes", now.places_bytes},
                       {"refused", now.refused},
                       {"sampled_out", now.sampled_out},
                       {"retries", now.retries},
                       {"error", error.ok() ? "" : error.ToString()}};
  return status.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tournant
