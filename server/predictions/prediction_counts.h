#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tournant/prediction.pb.h"

namespace tournant {

// How many predictions there are of each model in each hour (UTC). One thread.
class PredictionCounts {
 public:
  void Count(const LoggedPrediction& record);

  // As CSV, by model and hour: "model,hour,predictions,rows,errors,degraded" and a line for each.
  std::string Csv() const;

 private:
  struct Counts {
    uint64_t predictions = 0;
    uint64_t rows = 0;
    uint64_t errors = 0;
    uint64_t degraded = 0;
  };
  std::map<std::pair<std::string, std::string>, Counts> counts_;
};

}  // namespace tournant
