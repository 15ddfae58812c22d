#include "torchscript/probe.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "telemetry/log.h"
#include "torchscript/any_sizes.h"
#include "torchscript/spec_source.h"

namespace tournant {
namespace {

constexpr int64_t kMaxProbeBytes = int64_t{1} << 30;

bool HasAnySize(const ModelConfig& config) {
  return std::any_of(config.inputs.begin(), config.inputs.end(), [](const TensorSpec& input) {
    return std::find(input.dims.begin(), input.dims.end(), -1) != input.dims.end();
  });
}

absl::StatusOr<std::vector<ForwardOutput>> RunOnZeros(const ModelConfig& config,
                                                      const ForwardFunction& forward, int64_t rows,
                                                      int64_t any) {
  std::vector<std::string> bytes(config.inputs.size());
  std::vector<TensorView> views;
  for (size_t i = 0; i < config.inputs.size(); ++i) {
    const TensorSpec& input = config.inputs[i];
    TensorView view{.type = input.type, .shape = {}, .bytes = {}, .owner = nullptr};
    if (config.max_batch_size > 0) view.shape.push_back(rows);
    for (const int64_t dim : input.dims) view.shape.push_back(dim == -1 ? any : dim);
    // An element of BYTES without a byte is its length of four.
    const DataType sized = input.type == DataType::kBytes ? DataType::kUint32 : input.type;
    const std::optional<int64_t> size = ByteSize(sized, view.shape);
    if (!size || *size > kMaxProbeBytes) {
      return absl::InvalidArgumentError(absl::StrCat("input '", Quote(input.name), "' of dims ",
                                                     ShapeText(input.dims), " is too large"));
    }
    bytes[i].assign(static_cast<size_t>(*size), '\0');
    view.bytes = bytes[i];
    views.push_back(std::move(view));
  }
  return forward(views);
}

std::string Described(const TensorSpec& output) {
  return absl::StrCat("output '", Quote(output.name), "'");
}

// The dims of one output as the model shows them: what differs between the calls is any size.
absl::StatusOr<std::vector<int64_t>> SeenDims(const TensorSpec& output, const Probed& probed,
                                              size_t place, bool batched) {
  const Shape& small = probed.small[place].view.shape;
  const Shape& large = probed.large[place].view.shape;
  if (small.size() != large.size()) {
    return absl::InvalidArgumentError(absl::StrCat(Described(output), " has shape ",
                                                   ShapeText(small), " once and ", ShapeText(large),
                                                   " another time"));
  }
  if (batched &&
      (small.empty() || small[0] != probed.small_rows || large[0] != probed.large_rows)) {
    return absl::InvalidArgumentError(absl::StrCat(
        Described(output), " has shape ", ShapeText(small), " for ", probed.small_rows, " row and ",
        ShapeText(large), " for ", probed.large_rows,
        ": its outermost dimension is not the batch; set max_batch_size: 0 for a model without "
        "one"));
  }
  std::vector<int64_t> dims;
  for (size_t i = batched ? 1 : 0; i < small.size(); ++i) {
    dims.push_back(small[i] == large[i] ? small[i] : -1);
  }
  return dims;
}

bool Agrees(const std::vector<int64_t>& config, const std::vector<int64_t>& seen) {
  return std::equal(config.begin(), config.end(), seen.begin(), seen.end(),
                    [](int64_t a, int64_t b) { return a == b || a == -1 || b == -1; });
}

// A List[str] has no shape of its own: it is cut into rows of what the config says.
absl::Status CheckStrings(const Probed& probed, size_t place, bool batched, TensorSpec& output) {
  const int64_t count = probed.small[place].view.shape[0];
  if (!batched) {
    if (output.dims.empty()) output.dims = {-1};
    return absl::OkStatus();
  }
  if (count % probed.small_rows != 0 ||
      probed.large[place].view.shape[0] % probed.large_rows != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(Described(output), " is a list of ", count, " strings for ", probed.small_rows,
                     " row and ", probed.large[place].view.shape[0], " for ", probed.large_rows,
                     ": not the same number for each row"));
  }
  const int64_t each = count / probed.small_rows;
  if (output.dims.empty()) output.dims = {each};
  const std::optional<int64_t> wanted = ElementCount(output.dims);
  if (wanted && *wanted != each) {
    return absl::InvalidArgumentError(
        absl::StrCat(Described(output), " has ", each, " strings a row, but ",
                     SourceText(output.dims_source), " says dims ", ShapeText(output.dims)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Probed> ProbeOnZeros(const ModelConfig& config, const ForwardFunction& forward) {
  const bool any_size = HasAnySize(config);
  Probed probed;
  absl::Status& failure = probed.failure;
  for (const int64_t any : kAnySizes) {
    auto small = RunOnZeros(config, forward, 1, any);
    if (!small.ok()) {
      failure = small.status();
      if (any_size) continue;
      return absl::InvalidArgumentError(absl::StrCat("the model fails on zeros of the dims in ",
                                                     DimsToldBy(config.inputs), ": ",
                                                     failure.message()));
    }
    probed.small = *std::move(small);
    probed.large_rows = config.max_batch_size >= 2 ? 2 : 1;
    auto large = RunOnZeros(config, forward, probed.large_rows, OtherSize(any));
    // Sizes may have a limit, or be bound to each other in ways that zeros cannot know.
    for (const int64_t other : {any + 1, any}) {
      if (large.ok() || !any_size) break;
      large = RunOnZeros(config, forward, probed.large_rows, other);
    }
    if (!large.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the model fails on zeros of ", probed.large_rows, " rows: ", large.status().message(),
          "; set max_batch_size: 0 for a model that takes no batches"));
    }
    probed.large = *std::move(large);
    probed.size = any;
    if (probed.small.size() == probed.large.size()) return probed;
    return absl::InvalidArgumentError(absl::StrCat("forward returns ", probed.small.size(),
                                                   " tensors for one row and ", probed.large.size(),
                                                   " for ", probed.large_rows));
  }
  Log(LogLevel::kWarning, "the model's outputs could not be checked at load: it fails on zeros",
      {{"model", config.name}, {"reason", failure.message()}});
  return probed;
}

absl::Status CheckOutputs(const Probed& probed, const std::vector<size_t>& places,
                          ModelConfig& config) {
  const bool batched = config.max_batch_size > 0;
  for (size_t i = 0; i < config.outputs.size(); ++i) {
    TensorSpec& output = config.outputs[i];
    const size_t place = places[i];
    const DataType type = probed.small[place].view.type;
    if (output.type == DataType::kInvalid) output.type = type;
    if (output.type != type) {
      return absl::InvalidArgumentError(absl::StrCat(Described(output), " is ", DataTypeName(type),
                                                     ", but ", SourceText(output.type_source),
                                                     " says ", DataTypeName(output.type)));
    }
    if (type == DataType::kBytes) {
      absl::Status strings = CheckStrings(probed, place, batched, output);
      if (!strings.ok()) return strings;
      continue;
    }
    const auto seen = SeenDims(output, probed, place, batched);
    if (!seen.ok()) return seen.status();
    if (output.dims.empty() && !output.model_dims) output.dims = *seen;
    const std::vector<int64_t>& said = output.model_dims ? *output.model_dims : output.dims;
    if (!Agrees(said, *seen)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Described(output), " has dims ", ShapeText(*seen), ", but ",
                       SourceText(output.dims_source), " says ", ShapeText(said),
                       output.model_dims ? " in its reshape" : ""));
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
