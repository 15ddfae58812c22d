#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "inference/aligned_buffer.h"
#include "inference/inference_job.h"
#include "models/tensor.h"

namespace tournant {

// The inputs of one execution, gathered from the jobs of a batch. One for each worker and model
// version, so that its memory is reused; used by that worker only.
class BatchBuffer {
 public:
  // The inputs of all `jobs`, one after another along the batch dimension: each byte is copied
  // once. All jobs have the same shapes without the batch dimension and lack the same optional
  // inputs; their rows add up to `rows`. Valid until the next call.
  std::span<const TensorView> Gather(std::span<const std::shared_ptr<InferenceJob>> jobs,
                                     int64_t rows);
  // The inputs of one job where they are: nothing is copied. Valid until the next call.
  std::span<const TensorView> View(const InferenceJob& job);

 private:
  std::vector<AlignedBuffer> buffers_;  // One an input.
  std::vector<TensorView> views_;
};

// Copies of whole outputs, for an execution of one job.
std::vector<Tensor> CopyOutputs(std::span<const TensorView> outputs);

// Hands out the outputs of a batch, job by job in the order in which they were gathered: each byte
// is copied once, into the tensor that the job keeps. The outputs have been checked (execute.h) and
// outlive this.
class OutputRows {
 public:
  OutputRows(std::span<const TensorView> outputs, int64_t rows);

  // The next `rows` rows of every output. When this throws, which only memory can make it do, the
  // rows are still the next ones.
  std::vector<Tensor> Take(int64_t rows);
  void Skip(int64_t rows);

 private:
  // Bytes of the next `rows` rows of an output.
  size_t Extent(size_t output, int64_t rows) const;

  const std::span<const TensorView> outputs_;
  const int64_t rows_;
  absl::InlinedVector<size_t, 8> offsets_;  // Bytes of each output that have been handed out.
};

}  // namespace tournant
