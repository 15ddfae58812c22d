#include "models/config_parameter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/prediction_log_parameters.h"

namespace tournant {
namespace {

using Rule = ConfigParameterRule;

enum class Value { kBool, kCount, kText };

struct KnownParameter {
  absl::string_view key;
  Value value;
  absl::string_view as_written;  // The value that needs no warning; empty for none.
  absl::string_view otherwise;   // What happens whatever it says; empty when it is carried out.
};

constexpr absl::string_view kInterOpThreads =
    "the threads between operations are a setting of the process, 1";

constexpr auto kParameters = std::to_array<KnownParameter>({
    {kInferenceMode, Value::kBool, "", ""},
    {kDisableOptimizedExecution, Value::kBool, "", ""},
    {"ENABLE_JIT_PROFILING", Value::kBool, "false",
     "the profiling executor is off for the whole process"},
    {"ENABLE_JIT_EXECUTOR", Value::kBool, "", "the executor is a setting of the process"},
    {"ENABLE_TENSOR_FUSER", Value::kBool, "false", "the fuser is off for the whole process"},
    {"ENABLE_NVFUSER", Value::kBool, "false", "the fuser is off for the whole process"},
    {"ENABLE_WEIGHT_SHARING", Value::kBool, "true", "all workers share one copy of the weights"},
    {"ENABLE_CACHE_CLEANING", Value::kBool, "false",
     "models run on the CPU, which has no such cache"},
    {"DISABLE_CUDNN", Value::kBool, "true", "models run on the CPU, without cuDNN"},
    {kIntraOpThreads, Value::kCount, "", ""},
    {"INTER_OP_THREAD_COUNT", Value::kCount, "1", kInterOpThreads},
    {kNumThreads, Value::kCount, "", ""},
    {"NUM_INTEROP_THREADS", Value::kCount, "1", kInterOpThreads},
    {"TORCH_COMPILE_OPTIONAL_PARAMETERS", Value::kText, "",
     "a TorchScript file is run as it is, not compiled"},
});

// "true" or "false" for the ways in which Triton reads them; empty for other text.
absl::string_view BoolText(absl::string_view value) {
  const std::string lower = absl::AsciiStrToLower(value);
  if (lower == "true" || lower == "1") return "true";
  if (lower == "false" || lower == "0") return "false";
  return "";
}

Rule CheckKnown(const KnownParameter& known, absl::string_view value) {
  std::string read(value);
  if (known.value == Value::kBool) {
    read = std::string(BoolText(value));
    if (read.empty()) {
      return {Rule::Kind::kRefused,
              absl::StrCat("is '", Quote(value), "', neither true nor false")};
    }
  } else if (known.value == Value::kCount) {
    int32_t count = 0;
    if (!absl::SimpleAtoi(value, &count) || count < 0) {
      return {Rule::Kind::kRefused, absl::StrCat("is '", Quote(value), "', not a whole number")};
    }
    read = absl::StrCat(count);
  }
  if (known.otherwise.empty()) return {};
  if (!known.as_written.empty() && read == known.as_written) return {};
  return {Rule::Kind::kNoEffect, absl::StrCat("has no effect: ", known.otherwise)};
}

}  // namespace

bool ConfigFlag(const std::map<std::string, std::string>& parameters, absl::string_view key,
                bool otherwise) {
  const auto found = parameters.find(std::string(key));
  return found == parameters.end() ? otherwise : BoolText(found->second) == "true";
}

int IntraOpThreads(const std::map<std::string, std::string>& parameters) {
  for (const char* key : {kIntraOpThreads, kNumThreads}) {
    const auto found = parameters.find(key);
    int32_t count = 0;
    if (found != parameters.end() && absl::SimpleAtoi(found->second, &count)) {
      return std::max(1, count);
    }
  }
  return 1;
}

ConfigParameterRule CheckConfigParameter(absl::string_view key, absl::string_view value) {
  for (const KnownParameter& known : kParameters) {
    if (known.key == key) return CheckKnown(known, value);
  }
  if (absl::StartsWith(key, kPredictionLogPrefix)) {
    std::string error = PredictionLogParameterError(key, value);
    if (error.empty()) return {};
    return {Rule::Kind::kRefused, std::move(error)};
  }
  return {Rule::Kind::kRefused, "is none that Triton's PyTorch backend knows"};
}

}  // namespace tournant
