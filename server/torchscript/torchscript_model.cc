#include "torchscript/torchscript_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/config_parameter.h"
#include "torchscript/archive_signature.h"
#include "torchscript/input_search.h"
#include "torchscript/probe.h"
#include "torchscript/reshape.h"

namespace tournant {
namespace {

std::vector<std::string> Names(const std::vector<ForwardOutput>& outputs) {
  std::vector<std::string> names;
  names.reserve(outputs.size());
  for (const ForwardOutput& output : outputs) names.push_back(output.name);
  return names;
}

bool LeavesOutOutputs(const ModelConfig& config) {
  return config.outputs.empty() ||
         std::any_of(config.outputs.begin(), config.outputs.end(), [](const TensorSpec& output) {
           return output.name.empty() || output.type == DataType::kInvalid ||
                  (output.dims.empty() && !output.model_dims);
         });
}

// The shape of `count` strings in rows of `dims`, where one -1 takes what is left; nothing when
// they do not fit.
std::optional<Shape> StringShape(const std::vector<int64_t>& dims, int64_t rows, int64_t count) {
  Shape shape;
  if (rows >= 0) shape.push_back(rows);
  shape.insert(shape.end(), dims.begin(), dims.end());
  const auto any = std::find(shape.begin(), shape.end(), -1);
  if (any != shape.end()) {
    *any = 1;
    const std::optional<int64_t> rest = ElementCount(shape);
    if (!rest) return std::nullopt;
    if (*rest == 0) {
      *any = 0;  // No rows, no strings.
    } else if (count % *rest != 0) {
      return std::nullopt;
    } else {
      *any = count / *rest;
    }
  }
  if (ElementCount(shape) != count) return std::nullopt;
  return shape;
}

}  // namespace

TorchScriptModel::TorchScriptModel(std::unique_ptr<Forward> forward, InputBinding binding,
                                   ModelConfig config, std::vector<size_t> places,
                                   std::vector<std::string> names)
    : forward_(std::move(forward)),
      binding_(std::move(binding)),
      config_(std::move(config)),
      reshapes_inputs_(AnyReshape(config_.inputs)),
      places_(std::move(places)),
      names_(std::move(names)) {}

absl::StatusOr<std::unique_ptr<TorchScriptModel>> TorchScriptModel::Load(const std::string& bytes,
                                                                         ModelConfig& config,
                                                                         int intra_op_threads) {
  auto forward = Forward::Load(
      bytes, {.inference_mode = ConfigFlag(config.parameters, kInferenceMode, true),
              .optimized = !ConfigFlag(config.parameters, kDisableOptimizedExecution, false),
              .intra_op_threads = intra_op_threads});
  if (!forward.ok()) return forward.status();
  absl::Status told = CompleteFromSignature((*forward)->metadata(), config);
  if (!told.ok()) return told;
  auto binding = BindInputs((*forward)->arguments(), config);
  if (!binding.ok()) return binding.status();

  const ForwardFunction call = [&](std::span<const TensorView> inputs) {
    return Call(**forward, *binding, config, inputs);
  };
  if (NeedsSearch(config)) {
    absl::Status found = FindInputs((*forward)->tensors(), (*forward)->arguments(), call, config);
    if (!found.ok()) return found;
  }
  const auto probed = ProbeOnZeros(config, call);
  if (!probed.ok()) return probed.status();

  config.warm_up_size = probed->size;

  std::vector<size_t> places;
  std::vector<std::string> names;
  if (probed->size) {
    names = Names(probed->small);
    auto matched = MatchOutputs(names, config);
    if (!matched.ok()) return matched.status();
    absl::Status checked = CheckOutputs(*probed, *matched, config);
    if (!checked.ok()) return checked;
    places = *std::move(matched);
  } else if (LeavesOutOutputs(config)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "config.pbtxt leaves out what the outputs are, and zeros of no size that was tried for -1 "
        "tell: ",
        probed->failure.message(),
        "; write name, data_type and dims of each output to config.pbtxt"));
  }
  return std::unique_ptr<TorchScriptModel>(new TorchScriptModel(
      *std::move(forward), *std::move(binding), config, std::move(places), std::move(names)));
}

absl::StatusOr<std::vector<ForwardOutput>> TorchScriptModel::Call(
    const Forward& forward, const InputBinding& binding, const ModelConfig& config,
    std::span<const TensorView> inputs) {
  if (!AnyReshape(config.inputs)) return forward.Call(inputs, binding, config.inputs);
  const bool batched = config.max_batch_size > 0;
  return forward.Call(ReshapedInputs(config.inputs, batched, inputs), binding, config.inputs);
}

absl::Status TorchScriptModel::TakeOutput(const TensorSpec& spec, int64_t rows, TensorView& view) {
  const std::vector<int64_t>& dims = spec.model_dims ? *spec.model_dims : spec.dims;
  if (view.type != spec.type) {
    return absl::InternalError(absl::StrCat("output '", Quote(spec.name), "' of the model is ",
                                            DataTypeName(view.type), ", expected ",
                                            DataTypeName(spec.type)));
  }
  if (spec.type == DataType::kBytes) {
    const std::optional<Shape> shape = StringShape(spec.dims, rows, view.shape[0]);
    if (shape) {
      view.shape = *shape;
      return absl::OkStatus();
    }
  } else {
    std::span<const int64_t> shape(view.shape.data(), view.shape.size());
    const bool batched = rows >= 0;
    const bool has_rows = !batched || (!shape.empty() && shape[0] == rows);
    if (has_rows && FitsDims(shape.subspan(batched ? 1 : 0), dims)) {
      if (spec.model_dims) view.shape = Reshaped(dims, spec.dims, batched, shape);
      return absl::OkStatus();
    }
  }
  std::vector<int64_t> expected = dims;
  if (rows >= 0) expected.insert(expected.begin(), rows);
  return absl::InternalError(absl::StrCat("output '", Quote(spec.name), "' of the model has shape ",
                                          ShapeText(view.shape), ", expected ",
                                          ShapeText(expected)));
}

absl::StatusOr<std::vector<TensorView>> TorchScriptModel::Run(
    std::span<const TensorView> inputs) const {
  auto returned = reshapes_inputs_ ? Call(*forward_, binding_, config_, inputs)
                                   : forward_->Call(inputs, binding_, config_.inputs);
  if (!returned.ok()) return returned.status();

  int64_t rows = -1;
  if (config_.max_batch_size > 0) {
    for (const TensorView& input : inputs) {
      if (input.type != DataType::kInvalid) rows = input.shape[0];
    }
  }
  std::vector<size_t> matched;
  if (places_.empty()) {
    ModelConfig config = config_;
    auto places = MatchOutputs(Names(*returned), config);
    if (!places.ok()) return absl::InternalError(places.status().message());
    matched = *std::move(places);
  }
  const std::vector<size_t>& places = places_.empty() ? matched : places_;

  std::vector<TensorView> outputs;
  outputs.reserve(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    const TensorSpec& spec = config_.outputs[i];
    // A dict may hold other keys in another call.
    const size_t place = places[i];
    if (place >= returned->size() ||
        (place < names_.size() && (*returned)[place].name != names_[place])) {
      return absl::InternalError(
          absl::StrCat("the model did not return output '", Quote(spec.name), "'"));
    }
    TensorView& view = (*returned)[place].view;
    if (absl::Status taken = TakeOutput(spec, rows, view); !taken.ok()) return taken;
    outputs.push_back(std::move(view));
  }
  return outputs;
}

}  // namespace tournant
