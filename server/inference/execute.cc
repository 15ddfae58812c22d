#include "inference/execute.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tournant {
namespace {

absl::Status CheckOutput(const TensorSpec& spec, const TensorView& output, int64_t rows,
                         bool batched) {
  const auto wrong = [&](absl::string_view why) {
    return absl::InternalError(absl::StrCat("model output '", Quote(spec.name), "' ", why));
  };
  if (batched && (output.shape.empty() || output.shape[0] != rows)) {
    return wrong(absl::StrCat("has shape ", ShapeText(output.shape), " for a batch of ", rows));
  }
  const std::optional<int64_t> elements = ElementCount(output.shape);
  if (!elements) return wrong(absl::StrCat("has shape ", ShapeText(output.shape)));
  if (output.type == DataType::kBytes) {
    std::vector<absl::string_view> views;
    const absl::Status split = SplitBytesElements(output.bytes, *elements, views);
    return split.ok() ? absl::OkStatus() : wrong(absl::StrCat("is malformed: ", split.message()));
  }
  const std::optional<int64_t> size = ByteSize(output.type, output.shape);
  if (!size || static_cast<size_t>(*size) != output.bytes.size()) {
    return wrong(absl::StrCat("has ", output.bytes.size(), " bytes for shape ",
                              ShapeText(output.shape), " of ", DataTypeName(output.type)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ExceptionStatus(absl::string_view what) {
  constexpr size_t kMost = 500;
  return absl::InternalError(
      absl::StrCat("the model threw: ", Quote(what.substr(0, what.find('\n')), kMost)));
}

absl::StatusOr<std::vector<TensorView>> Execute(const ModelVersion& version,
                                                std::span<const TensorView> inputs, int64_t rows) {
  absl::StatusOr<std::vector<TensorView>> outputs =
      CatchAll([&] { return version.model->Run(inputs); });
  if (!outputs.ok()) return outputs;
  const std::vector<TensorSpec>& specs = version.config.outputs;
  if (outputs->size() != specs.size()) {
    return absl::InternalError(absl::StrCat("the model gave ", outputs->size(),
                                            " outputs, its config has ", specs.size()));
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    const absl::Status check =
        CheckOutput(specs[i], (*outputs)[i], rows, version.config.max_batch_size > 0);
    if (!check.ok()) return check;
  }
  return outputs;
}

}  // namespace tournant
