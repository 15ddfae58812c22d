#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cpp/datatype.h"
#include "cpp/inference_client.h"
#include "inference/model_config.pb.h"

namespace tournant::client {

// A tensor that a model takes or gives.
struct TensorSignature {
  std::string name;
  Datatype type = Datatype::kInvalid;
  std::vector<int64_t> dims;  // Without the batch dimension; -1 is any size.
  bool optional = false;

  // Elements of one row; -1 when a dimension is of any size.
  int64_t Width() const;
};

// What one calls a model with, as its server says.
struct ModelSignature {
  std::string name;
  std::string version;  // As asked for; empty for the one that is served.
  std::vector<TensorSignature> inputs;
  // Tensors that may be sent in place of a stored feature, by name.
  std::vector<TensorSignature> overrides;
  std::vector<TensorSignature> outputs;
  int64_t max_batch_size = 0;  // 0: no batch dimension.

  bool batches() const { return max_batch_size > 0; }
  // An input or an override; null for an unknown name.
  const TensorSignature* FindInput(absl::string_view name) const;
  // "a, b, c (optional)", for error messages.
  std::string InputNames() const;
  // The shape of `rows` rows of a tensor whose one dimension of any size, if it has one, is `any`.
  std::vector<int64_t> ShapeOf(const TensorSignature& tensor, int64_t rows, int64_t any) const;
};

// Puts together what ModelMetadata and ModelConfig say. INTERNAL for a datatype that nobody knows.
absl::StatusOr<ModelSignature> MakeSignature(const inference::ModelMetadataResponse& metadata,
                                             const inference::ModelConfig& config);

// Asks the server for both.
absl::StatusOr<ModelSignature> FetchSignature(InferenceClient& client, absl::string_view model,
                                              absl::string_view version);

}  // namespace tournant::client
