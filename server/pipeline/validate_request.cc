#include "pipeline/validate_request.h"

#include <algorithm>
#include <optional>
#include <span>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "pipeline/classification.h"

namespace tournant {
namespace {

// More dimensions than any served tensor needs are a mistake or an attack.
constexpr size_t kMaxRank = 8;

std::string FieldPath(size_t index, absl::string_view member) {
  return absl::StrCat("inputs[", index, "].", member);
}

std::string NameList(const std::vector<std::string>& names) {
  return absl::StrCat("[",
                      absl::StrJoin(names, ",",
                                    [](std::string* out, const std::string& name) {
                                      absl::StrAppend(out, "'", Quote(name), "'");
                                    }),
                      "]");
}

// The shape that a request must have, batch dimension first where there is one.
std::vector<int64_t> ExpectedShape(const TensorSpec& spec, int64_t max_batch_size) {
  std::vector<int64_t> expected;
  if (max_batch_size > 0) expected.push_back(-1);
  expected.insert(expected.end(), spec.dims.begin(), spec.dims.end());
  return expected;
}

bool ShapeFits(const Shape& shape, const TensorSpec& spec, int64_t max_batch_size) {
  const size_t batch_dims = max_batch_size > 0 ? 1 : 0;
  return shape.size() >= batch_dims && FitsDims(std::span(shape).subspan(batch_dims), spec.dims);
}

bool OverrideType(DataType type) {
  return type == DataType::kFp64 || type == DataType::kFp32 || type == DataType::kInt64 ||
         type == DataType::kBytes;
}

// "expected 2 inputs but got 1 inputs for model 'm'"
std::string CountText(const RequestSignature& signature, const InferRequest& request) {
  const auto required = std::count_if(signature.inputs.begin(), signature.inputs.end(),
                                      [](const TensorSpec& spec) { return !spec.optional; });
  const size_t all = signature.inputs.size();
  const std::string expected =
      static_cast<size_t>(required) == all
          ? absl::StrCat("expected ", all, " inputs")
          : absl::StrCat("expected number of inputs between ", required, " and ", all);
  return absl::StrCat(expected, " but got ", request.inputs.size(), " inputs for model '",
                      request.model, "'");
}

// Looks an input's name up, among what must or may be sent and then among the overrides. The error
// of the first unknown or repeated name ends the search, so that a request with a hundred thousand
// names costs no more than one with as many as the model has.
absl::StatusOr<const TensorSpec*> ResolveInput(const RequestSignature& signature,
                                               const InferRequest& request, size_t index,
                                               std::span<const TensorSpec* const> earlier) {
  const NamedTensor& input = request.inputs[index];
  const TensorSpec* spec = FindSpec(signature.inputs, input.name);
  const bool is_override = spec == nullptr;
  if (is_override) spec = FindSpec(signature.overrides, input.name);
  if (spec == nullptr) {
    std::string message = absl::StrCat("unexpected inference input '", Quote(input.name),
                                       "' for model '", request.model, "'");
    if (request.inputs.size() > signature.inputs.size() + signature.overrides.size()) {
      absl::StrAppend(&message, ": ", CountText(signature, request));
    }
    return InvalidField(FieldPath(index, "name"), message);
  }
  if (std::find(earlier.begin(), earlier.end(), spec) != earlier.end()) {
    return InvalidField(FieldPath(index, "name"),
                        absl::StrCat("input '", input.name, "' already exists in request"));
  }
  const bool type_fits =
      is_override ? OverrideType(input.tensor.type) : input.tensor.type == spec->type;
  if (!type_fits) {
    return InvalidField(
        FieldPath(index, "datatype"),
        absl::StrCat("inference input '", input.name, "' data-type is '",
                     DataTypeName(input.tensor.type), "', but model '", request.model, "' expects ",
                     is_override ? "'FP64', 'FP32', 'INT64' or 'BYTES'"
                                 : absl::StrCat("'", DataTypeName(spec->type), "'")));
  }
  return spec;
}

absl::Status CheckOutputs(const RequestSignature& signature, const InferRequest& request) {
  absl::InlinedVector<const TensorSpec*, 4> earlier;
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    const TensorSpec* spec = FindSpec(signature.outputs, request.outputs[i].name);
    if (spec == nullptr) {
      return InvalidField(
          absl::StrCat("outputs[", i, "].name"),
          absl::StrCat("unexpected inference output '", Quote(request.outputs[i].name),
                       "' for model '", request.model, "'"));
    }
    if (std::find(earlier.begin(), earlier.end(), spec) != earlier.end()) {
      return InvalidField(absl::StrCat("outputs[", i, "].name"),
                          absl::StrCat("output '", spec->name, "' already exists in request"));
    }
    if (request.outputs[i].classes > 0 && !CanClassify(spec->type)) {
      return InvalidField(
          absl::StrCat("outputs[", i, "].parameters[classification]"),
          absl::StrCat("class result not available for output due to unsupported type '",
                       DataTypeName(spec->type), "'"));
    }
    earlier.push_back(spec);
  }
  return absl::OkStatus();
}

absl::Status CheckNoneMissing(const RequestSignature& signature, const InferRequest& request) {
  std::vector<std::string> missing;
  for (const TensorSpec& spec : signature.inputs) {
    const bool given =
        std::any_of(request.inputs.begin(), request.inputs.end(),
                    [&](const NamedTensor& input) { return input.name == spec.name; });
    if (!given && !spec.optional) missing.push_back(spec.name);
  }
  if (!missing.empty()) {
    std::vector<std::string> got;
    got.reserve(request.inputs.size());
    for (const NamedTensor& input : request.inputs) got.push_back(input.name);
    return InvalidField(
        "inputs", absl::StrCat(CountText(signature, request), ". Got input(s) ", NameList(got),
                               ", but missing required input(s) ", NameList(missing),
                               ". Please provide all required input(s)."));
  }
  return absl::OkStatus();
}

absl::Status CheckShape(const TensorSpec& spec, int64_t max_batch_size, size_t index,
                        const NamedTensor& input, const std::string& model) {
  const Shape& shape = input.tensor.shape;
  const std::string& name = input.name;
  if (shape.size() > kMaxRank) {
    return InvalidField(FieldPath(index, "shape"),
                        absl::StrCat("input '", name, "' has ", shape.size(),
                                     " dimensions, at most ", kMaxRank, " are allowed"));
  }
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] < 0) {
      return InvalidField(absl::StrCat("inputs[", index, "].shape[", d, "]"),
                          absl::StrCat("All input dimensions should be specified for input '", name,
                                       "' for model '", model, "', got ", ShapeText(shape)));
    }
  }
  if (shape.empty() && max_batch_size > 0) {
    return InvalidField(
        FieldPath(index, "shape"),
        absl::StrCat("input '", name, "' has no shape but model requires batch dimension for '",
                     model, "'"));
  }
  if (!ShapeFits(shape, spec, max_batch_size)) {
    const std::vector<int64_t> expected = ExpectedShape(spec, max_batch_size);
    return InvalidField(
        FieldPath(index, "shape"),
        absl::StrCat("unexpected shape for input '", name, "' for model '", model, "'. Expected ",
                     ShapeText(expected), ", got ", ShapeText(shape), "."));
  }
  return absl::OkStatus();
}

absl::Status CheckContents(size_t index, const NamedTensor& input, const std::string& model) {
  const Tensor& tensor = input.tensor;
  const std::string& name = input.name;
  const std::optional<int64_t> count = ElementCount(tensor.shape);
  if (!count) {
    return InvalidField(FieldPath(index, "shape"),
                        absl::StrCat("the element count of input '", name, "' for model '", model,
                                     "' overflows: shape ", ShapeText(tensor.shape)));
  }
  if (tensor.type == DataType::kBytes) {
    std::vector<absl::string_view> elements;
    const absl::Status split = SplitBytesElements(tensor.bytes, *count, elements);
    if (split.ok()) return absl::OkStatus();
    return InvalidField(
        FieldPath(index, "contents"),
        absl::StrCat(split.message(), " for inference input '", name, "' for model '", model, "'"));
  }
  int64_t size = 0;
  const bool too_large =
      __builtin_mul_overflow(*count, static_cast<int64_t>(ElementSize(tensor.type)), &size);
  if (too_large || static_cast<uint64_t>(size) != tensor.bytes.size()) {
    return InvalidField(
        FieldPath(index, "contents"),
        absl::StrCat("input byte size mismatch for input '", name, "' for model '", model,
                     "'. Expected ", too_large ? "more than 2^63" : absl::StrCat(size), ", got ",
                     tensor.bytes.size()));
  }
  if (tensor.type == DataType::kBool) {
    const bool clean = std::all_of(tensor.bytes.begin(), tensor.bytes.end(),
                                   [](char byte) { return byte == 0 || byte == 1; });
    if (!clean) {
      return InvalidField(FieldPath(index, "contents"),
                          absl::StrCat("input '", name, "' for model '", model,
                                       "' is BOOL: each byte must be 0 or 1"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int64_t> ValidateRequest(const RequestSignature& signature,
                                        const InferRequest& request) {
  // Known to the registry, so it needs no quoting; so do input names once they were found.
  const std::string& model = request.model;

  // Unknown names first: a caller who misspelt a name learns it, not that another one is missing.
  absl::InlinedVector<const TensorSpec*, 4> specs;
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    const absl::StatusOr<const TensorSpec*> spec = ResolveInput(signature, request, i, specs);
    if (!spec.ok()) return spec.status();
    specs.push_back(*spec);
  }
  if (absl::Status all = CheckNoneMissing(signature, request); !all.ok()) return all;
  if (absl::Status outputs = CheckOutputs(signature, request); !outputs.ok()) return outputs;

  std::optional<int64_t> rows;
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    const NamedTensor& input = request.inputs[i];
    absl::Status shape = CheckShape(*specs[i], signature.max_batch_size, i, input, model);
    if (!shape.ok()) return shape;
    if (signature.max_batch_size == 0) continue;
    if (rows && *rows != input.tensor.shape[0]) {
      return InvalidField(
          FieldPath(i, "shape"),
          absl::StrCat("input '", Quote(input.name),
                       "' batch size does not match other inputs for '", model, "'"));
    }
    rows = input.tensor.shape[0];
    if (*rows > signature.max_batch_size) {
      return InvalidField(FieldPath(i, "shape"),
                          absl::StrCat("inference request batch-size must be <= ",
                                       signature.max_batch_size, " for '", model, "'"));
    }
  }
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    absl::Status contents = CheckContents(i, request.inputs[i], model);
    if (!contents.ok()) return contents;
  }
  if (signature.max_batch_size > 0 && !rows) {
    return InvalidField("inputs", absl::StrCat("a request for model '", model,
                                               "' needs at least one input, which tells its rows"));
  }
  return rows.value_or(1);
}

}  // namespace tournant
