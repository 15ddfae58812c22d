#include "inference/batch.h"

#include <cstring>

namespace tournant {
namespace {

TensorView ViewOf(const Tensor& tensor) {
  return {.type = tensor.type, .shape = tensor.shape, .bytes = tensor.bytes, .owner = nullptr};
}

// Bytes of the first `count` elements of well-formed BYTES data.
size_t BytesExtent(absl::string_view bytes, int64_t count) {
  size_t extent = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    std::memcpy(&length, bytes.data() + extent, sizeof(length));
    extent += sizeof(length) + length;
  }
  return extent;
}

}  // namespace

std::span<const TensorView> BatchBuffer::Gather(std::span<const std::shared_ptr<InferenceJob>> jobs,
                                                int64_t rows) {
  const std::vector<Tensor>& first = jobs.front()->inputs;
  if (buffers_.size() < first.size()) buffers_.resize(first.size());
  views_.resize(first.size());
  for (size_t input = 0; input < first.size(); ++input) {
    TensorView& view = views_[input];
    view.type = first[input].type;
    view.shape = first[input].shape;
    view.bytes = {};
    if (view.type == DataType::kInvalid) continue;
    view.shape[0] = rows;

    size_t size = 0;
    for (const auto& job : jobs) size += job->inputs[input].bytes.size();
    char* const start = buffers_[input].Reserve(size);
    char* at = start;
    for (const auto& job : jobs) {
      const std::string& bytes = job->inputs[input].bytes;
      at += bytes.copy(at, bytes.size());
    }
    // BYTES needs nothing else: its elements carry their lengths.
    view.bytes = absl::string_view(start, size);
  }
  return views_;
}

std::span<const TensorView> BatchBuffer::View(const InferenceJob& job) {
  views_.resize(job.inputs.size());
  for (size_t input = 0; input < job.inputs.size(); ++input) {
    views_[input] = ViewOf(job.inputs[input]);
  }
  return views_;
}

std::vector<Tensor> CopyOutputs(std::span<const TensorView> outputs) {
  std::vector<Tensor> copies;
  copies.reserve(outputs.size());
  for (const TensorView& output : outputs) {
    copies.push_back({output.type, output.shape, std::string(output.bytes)});
  }
  return copies;
}

OutputRows::OutputRows(std::span<const TensorView> outputs, int64_t rows)
    : outputs_(outputs), rows_(rows), offsets_(outputs.size(), 0) {}

std::vector<Tensor> OutputRows::Take(int64_t rows) {
  std::vector<Tensor> taken;
  taken.reserve(outputs_.size());
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const TensorView& output = outputs_[i];
    Tensor& tensor = taken.emplace_back();
    tensor.type = output.type;
    tensor.shape = output.shape;
    tensor.shape[0] = rows;
    tensor.bytes.assign(output.bytes.data() + offsets_[i], Extent(i, rows));
  }
  for (size_t i = 0; i < outputs_.size(); ++i) offsets_[i] += taken[i].bytes.size();
  return taken;
}

void OutputRows::Skip(int64_t rows) {
  for (size_t i = 0; i < outputs_.size(); ++i) offsets_[i] += Extent(i, rows);
}

size_t OutputRows::Extent(size_t output, int64_t rows) const {
  const TensorView& view = outputs_[output];
  if (view.type != DataType::kBytes) {
    return view.bytes.size() / static_cast<size_t>(rows_) * static_cast<size_t>(rows);
  }
  int64_t elements = rows;
  for (size_t i = 1; i < view.shape.size(); ++i) elements *= view.shape[i];
  return BytesExtent(view.bytes.substr(offsets_[output]), elements);
}

}  // namespace tournant
