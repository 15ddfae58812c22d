#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/rng.h"
#include "models/model_config.h"
#include "models/tensor.h"

namespace tournant {

// What a version is warmed up with, in the order of its config's inputs.

// Inputs of `rows` rows for a model with this config: zeros, empty strings, the config's
// warm_up_size where a dimension is open. Nothing without that size, or when an input would take
// more than 256 MiB: what is not warmed up warms up with its first calls.
std::optional<std::vector<Tensor>> ZeroInputs(const ModelConfig& config, int64_t rows);

// The inputs of a sample of the config's model_warmup, as many rows as it says; one that it leaves
// out is of type kInvalid. Files are read from `directory`/warmup; the row that one holds is given
// to every row. INVALID_ARGUMENT when sample and model disagree or an input would take more than
// 256 MiB; errors of a file name it.
absl::StatusOr<std::vector<Tensor>> SampleInputs(const WarmUpSample& sample,
                                                 const ModelConfig& config,
                                                 const std::filesystem::path& directory, Rng& rng);

}  // namespace tournant
