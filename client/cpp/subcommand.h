#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cpp/tool.h"

namespace tournant::client {

// One of the things that `tournant` does. Constant; made by the function of its file.
struct Subcommand {
  std::string name;
  std::string synopsis;  // The arguments, such as "MODEL FILE.csv".
  std::string purpose;
  std::vector<std::string> flags;
  // Flag -> the default here, where it is another one than elsewhere.
  std::map<std::string, std::string> defaults = {};
  size_t min_positional = 0;
  size_t max_positional = 0;
  int (*run)(ToolContext&) = nullptr;
};

Subcommand InferCommand();
Subcommand LoadTestCommand();
Subcommand ModelsCommand();
Subcommand PredictionsCommand();
Subcommand ScoreCommand();
Subcommand ValidateCommand();

// Prints "tournant score: ..." and returns the status for wrong arguments, or for a failure.
int UsageError(ToolContext& context, const absl::Status& status);
int Failure(ToolContext& context, const absl::Status& status);

}  // namespace tournant::client
