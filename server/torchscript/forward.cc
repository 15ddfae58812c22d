#include "torchscript/forward.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <functional>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "torchscript/archive_signature.h"
#include "torchscript/error_text.h"
#include "torchscript/inlined_calls.h"
#include "torchscript/torch_settings.h"

namespace tournant {

struct Forward::Module {
  explicit Module(torch::jit::Module frozen)
      : module(std::move(frozen)), forward(module.get_method("forward")) {}

  torch::jit::Module module;
  torch::jit::Method forward;
  // Per argument: what it is when no input goes to it; whether the model writes to it.
  std::vector<c10::IValue> defaults;
  std::vector<bool> written;
};

namespace {

// Runs `body`, and turns what LibTorch throws into one line.
template <class Body>
absl::Status Guarded(absl::StatusCode code, absl::string_view prefix, const Body& body) {
  std::string what;
  try {
    return body();
  } catch (const c10::Error& error) {
    what = error.what_without_backtrace();
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
    what = "an exception of unknown type";
  }
  return absl::Status(code, absl::StrCat(prefix, OneLine(what)));
}

ForwardArgument Describe(const c10::Argument& argument) {
  ForwardArgument described;
  described.name = argument.name();
  described.type = argument.type()->repr_str();
  described.optional = argument.default_value().has_value();
  c10::TypePtr type = argument.type();
  if (const auto optional = type->cast<c10::OptionalType>()) {
    described.optional = true;
    type = optional->getElementType();
  }
  using Kind = ForwardArgument::Kind;
  described.kind = Kind::kOther;
  if (type->kind() == c10::TypeKind::TensorType) described.kind = Kind::kTensor;
  if (const auto list = type->cast<c10::ListType>();
      list && list->getElementType()->kind() == c10::TypeKind::StringType) {
    described.kind = Kind::kStrings;
  }
  if (const auto dict = type->cast<c10::DictType>();
      dict && dict->getKeyType()->kind() == c10::TypeKind::StringType &&
      dict->getValueType()->kind() == c10::TypeKind::TensorType) {
    described.kind = Kind::kTensorDict;
  }
  return described;
}

}  // namespace

Forward::Forward(std::unique_ptr<Module> module, ExecutionMode mode)
    : module_(std::move(module)), mode_(mode) {}
Forward::~Forward() = default;

absl::StatusOr<std::unique_ptr<Forward>> Forward::Load(const std::string& bytes,
                                                       ExecutionMode mode) {
  std::unique_ptr<Forward> loaded;
  absl::Status status =
      Guarded(absl::StatusCode::kInvalidArgument, "LibTorch cannot load it: ", [&] {
        const c10::InferenceMode inference(mode.inference_mode);
        const at::NoGradGuard no_grad;
        std::istringstream stream(bytes);
        torch::jit::ExtraFilesMap extra = {{kMetadataFile, ""}};
        torch::jit::Module module = torch::jit::load(stream, at::Device(at::kCPU), extra);
        if (!module.find_method("forward")) {
          return absl::InvalidArgumentError("the module has no method forward");
        }
        module.eval();
        loaded.reset(new Forward(std::make_unique<Module>(torch::jit::freeze(module)), mode));
        loaded->metadata_ = std::move(extra[kMetadataFile]);

        Module& frozen = *loaded->module_;
        ForgetInlinedCalls(frozen.forward);
        const auto& schema = frozen.forward.function().getSchema();
        const std::shared_ptr<torch::jit::Graph> graph = frozen.forward.graph();
        const torch::jit::AliasDb aliases(graph);
        for (size_t i = 1; i < schema.arguments().size(); ++i) {  // 0 is self.
          const c10::Argument& argument = schema.arguments()[i];
          loaded->arguments_.push_back(Describe(argument));
          frozen.defaults.push_back(argument.default_value().value_or(c10::IValue()));
          // What a dict holds is beyond the analysis.
          const bool dict = loaded->arguments_.back().kind == ForwardArgument::Kind::kTensorDict;
          frozen.written.push_back(dict || aliases.hasWriters(graph->inputs()[i]));
        }

        loaded->tensors_ = ReadModuleTensors(frozen.module, *graph);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return loaded;
}

absl::StatusOr<std::vector<ForwardOutput>> Forward::Call(
    std::span<const TensorView> inputs, const InputBinding& binding,
    const std::vector<TensorSpec>& specs) const {
  std::vector<ForwardOutput> outputs;
  absl::Status status = Guarded(absl::StatusCode::kInternal, "PyTorch execute failure: ", [&] {
    UseIntraOpThreads(mode_.intra_op_threads);
    const c10::InferenceMode inference(mode_.inference_mode);
    const at::NoGradGuard no_grad;
    const torch::jit::GraphOptimizerEnabledGuard optimized(mode_.optimized);
    std::vector<c10::IValue> stack;
    stack.reserve(module_->defaults.size() + 1);
    stack.emplace_back(module_->module._ivalue());
    stack.insert(stack.end(), module_->defaults.begin(), module_->defaults.end());
    c10::IValue* const arguments = stack.data() + 1;
    std::optional<c10::Dict<std::string, at::Tensor>> dict;  // Making one costs two tables.
    if (binding.dict) dict.emplace();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].type == DataType::kInvalid) continue;
      const size_t argument = binding.dict ? 0 : binding.argument[i];
      c10::IValue value;
      absl::Status converted = ToTorch(inputs[i], module_->written[argument], value);
      if (!converted.ok()) return converted;
      if (binding.dict) {
        dict->insert(specs[i].name, value.toTensor());
      } else {
        arguments[argument] = std::move(value);
      }
    }
    if (dict) arguments[0] = *std::move(dict);
    // Not through the Method, which makes a whole Module on each call only to name its owner.
    const c10::IValue result = module_->forward.function()(std::move(stack));
    return FromTorch(result, inputs, outputs);
  });
  if (!status.ok()) return status;
  return outputs;
}

}  // namespace tournant
