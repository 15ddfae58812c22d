#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace tournant {

// Those that the model's runtime carries out.
inline constexpr char kInferenceMode[] = "INFERENCE_MODE";
inline constexpr char kDisableOptimizedExecution[] = "DISABLE_OPTIMIZED_EXECUTION";
inline constexpr char kIntraOpThreads[] = "INTRA_OP_THREAD_COUNT";
inline constexpr char kNumThreads[] = "NUM_THREADS";  // The same by another name.

// What an entry of `parameters` means here. The keys are those of Triton's PyTorch backend, and
// those of prediction_log_parameters.h.
struct ConfigParameterRule {
  enum class Kind {
    kAsWritten,  // It happens as it says.
    kNoEffect,   // Accepted with a warning that says what happens instead.
    kRefused,
  };
  Kind kind = Kind::kAsWritten;
  std::string text;  // To be read after the parameter's name.
};
ConfigParameterRule CheckConfigParameter(absl::string_view key, absl::string_view value);

// The checked `parameters` of a config under `key`, which is true or false; `otherwise` without it.
bool ConfigFlag(const std::map<std::string, std::string>& parameters, absl::string_view key,
                bool otherwise);

// Threads that share an operation of the model, by its checked `parameters`; 1 without, and for 0,
// which leaves it to the server.
int IntraOpThreads(const std::map<std::string, std::string>& parameters);

}  // namespace tournant
