#pragma once

#include <string>
#include <vector>

#include "tournant/prediction.pb.h"

namespace tournant {

// The log as a table (RFC 4180) with one line for each row of each prediction. Behind the fixed
// columns there is one for each tensor that occurs, "input:NAME" or "output:NAME"; a cell holds the
// row's value, or a JSON array of its values. The columns have to be known before the first line,
// so a log is read twice: Observe every record, then write. One thread.
class PredictionCsv {
 public:
  void Observe(const LoggedPrediction& record);

  // Lines end in "\n".
  std::string Header() const;
  std::string Lines(const LoggedPrediction& record) const;

 private:
  std::vector<std::string> inputs_;  // In the order in which they were first seen.
  std::vector<std::string> outputs_;
};

}  // namespace tournant
