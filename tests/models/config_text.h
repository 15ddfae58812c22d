#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "models/config_parser.h"

namespace tournant {

// The first two lines of a config that is fine.
inline constexpr char kTensors[] =
    "input { name: \"x\" data_type: TYPE_FP32 dims: [ -1, 4 ] }\n"
    "output { name: \"y\" data_type: TYPE_INT64 dims: 1 }\n";

// After kTensors, a config that sets every field that is carried out.
inline constexpr char kWholeConfig[] = R"(
    name: "m" platform: "pytorch_libtorch" backend: "pytorch" max_batch_size: 8
    default_model_filename: "net.pt"
    version_policy { specific { versions: [ 1, 4 ] } }
    input { name: "a" data_type: TYPE_STRING dims: 1 reshape { } optional: true }
    output { name: "b" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: 4 }
             label_filename: "labels.txt" }
    instance_group [ { name: "one" count: 1 kind: KIND_CPU }, { count: 2 } ]
    dynamic_batching {
      preferred_batch_size: [ 2, 4 ]  max_queue_delay_microseconds: 100
      priority_levels: 2  default_priority_level: 2
      default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 7
                             allow_timeout_override: true max_queue_size: 9 }
      priority_queue_policy { key: 1 value { max_queue_size: 3 } }
    }
    optimization { graph { level: 1 } }
    parameters { key: "NUM_THREADS" value { string_value: "2" } }
    model_warmup {
      name: "s" batch_size: 2 count: 3
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 1, 4 ] random_data: true } }
    }
    model_transaction_policy { } response_cache { })";

inline std::string RefusalOfWhole(const std::string& text) {
  const auto config = ParseModelConfig(text, "m/config.pbtxt", "m");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(config.status().message());
}
// What is wrong with a config that is fine but for `more`, on its third line.
inline std::string RefusalOf(const std::string& more) {
  return RefusalOfWhole(absl::StrCat(kTensors, more));
}

inline ModelConfig AcceptedWhole(const std::string& text,
                                 std::vector<std::string>* warnings = nullptr) {
  auto config = ParseModelConfig(text, "m/config.pbtxt", "m", warnings);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *std::move(config) : ModelConfig{};
}
inline ModelConfig Accepted(const std::string& more, std::vector<std::string>* warnings = nullptr) {
  return AcceptedWhole(absl::StrCat(kTensors, more), warnings);
}

inline std::vector<std::string> WarningsOf(const std::string& more) {
  std::vector<std::string> warnings;
  Accepted(more, &warnings);
  return warnings;
}

}  // namespace tournant
