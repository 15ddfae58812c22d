#include "cpp/infer_result.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "cpp/tensor_codec.h"

namespace tournant::client {
namespace {

// Nothing for a negative dimension or a product that no message can hold.
bool CountElements(const std::vector<int64_t>& shape, int64_t& count) {
  count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return false;
  }
  return count <= (int64_t{1} << 40);
}

absl::Status CheckSize(const OutputView& output) {
  int64_t count = 0;
  if (!CountElements(output.shape, count)) {
    return absl::InternalError(absl::StrCat("output '", output.name, "' has an impossible shape"));
  }
  if (output.type != Datatype::kBytes) {
    const uint64_t expected = static_cast<uint64_t>(count) * ElementSize(output.type);
    if (output.raw.size() == expected) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("output '", output.name, "' has ", output.raw.size(),
                                            " bytes where its shape asks for ", expected));
  }
  absl::string_view rest = output.raw;
  absl::string_view element;
  for (int64_t i = 0; i < count; ++i) {
    if (!TakeBytes(rest, element)) {
      return absl::InternalError(
          absl::StrCat("output '", output.name, "' holds ", i, " of ", count, " elements"));
    }
  }
  if (rest.empty()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("output '", output.name, "' has ", rest.size(),
                                          " bytes after its last element"));
}

}  // namespace

int64_t OutputView::elements() const {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

absl::StatusOr<std::vector<absl::string_view>> OutputView::Strings() const {
  if (type != Datatype::kBytes) return WrongType(Datatype::kBytes);
  std::vector<absl::string_view> strings(static_cast<size_t>(elements()));
  absl::string_view rest = raw;
  for (absl::string_view& text : strings) TakeBytes(rest, text);
  return strings;
}

absl::Status OutputView::WrongType(Datatype wanted) const {
  return absl::InvalidArgumentError(
      absl::StrCat("output '", name, "' is ", DatatypeName(type), ", not ", DatatypeName(wanted)));
}

absl::StatusOr<std::vector<OutputView>> DecodeOutputs(
    const inference::ModelInferResponse& response) {
  if (response.outputs_size() != response.raw_output_contents_size()) {
    return absl::InternalError(absl::StrCat("the answer has ", response.outputs_size(),
                                            " outputs and raw bytes for ",
                                            response.raw_output_contents_size()));
  }
  std::vector<OutputView> outputs;
  outputs.reserve(static_cast<size_t>(response.outputs_size()));
  for (int i = 0; i < response.outputs_size(); ++i) {
    const auto& tensor = response.outputs(i);
    OutputView output;
    output.name = tensor.name();
    output.type = DatatypeFromName(tensor.datatype());
    output.shape.assign(tensor.shape().begin(), tensor.shape().end());
    output.raw = response.raw_output_contents(i);
    if (output.type == Datatype::kInvalid) {
      return absl::InternalError(absl::StrCat(
          "output '", tensor.name(), "' has the unknown datatype '", tensor.datatype(), "'"));
    }
    if (absl::Status checked = CheckSize(output); !checked.ok()) return checked;
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace tournant::client
