#pragma once

#include <cstdint>
#include <string>

#include "inference/grpc_service.pb.h"

namespace tournant::client {

// Where the feature cells of answers came from, as their parameters say.
struct FeatureCounts {
  int64_t live = 0;
  int64_t cached = 0;
  int64_t stale = 0;
  int64_t defaulted = 0;
  int64_t from_request = 0;
  int64_t oldest_age_ms = -1;    // -1: no answer told an age.
  int64_t degraded_answers = 0;  // Some cell was filled because of an error or staleness.
  int64_t degraded_rows = 0;

  int64_t cells() const { return live + cached + stale + defaulted + from_request; }
  // Adds the answer's parameters; it is an answer of `rows` rows.
  void Add(const inference::ModelInferResponse& response, int64_t rows);
};

// "26 live, 8 defaulted of 34 cells, oldest 3.2 h"; empty without cells.
std::string FeatureText(const FeatureCounts& counts);

}  // namespace tournant::client
