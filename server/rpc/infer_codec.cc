#include "rpc/infer_codec.h"

#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "rpc/request_parameters.h"

namespace tournant {
namespace {

using inference::InferTensorContents;
using inference::ModelInferRequest;
using inference::ModelInferResponse;

constexpr size_t kLargeBytes = 64 << 10;

std::string InputPath(int index, absl::string_view member) {
  return absl::StrCat("inputs[", index, "].", member);
}

template <class Value, class Repeated>
void CopyPlain(const Repeated& values, std::string& bytes) {
  bytes.assign(reinterpret_cast<const char*>(values.data()),
               static_cast<size_t>(values.size()) * sizeof(Value));
}

// int_contents carries 8- and 16-bit integers too; false when a value does not fit.
template <class Narrow, class Repeated>
bool CopyNarrow(const Repeated& values, std::string& bytes) {
  bytes.resize(static_cast<size_t>(values.size()) * sizeof(Narrow));
  char* out = bytes.data();
  for (const auto value : values) {
    if (value < std::numeric_limits<Narrow>::min() || value > std::numeric_limits<Narrow>::max()) {
      return false;
    }
    const Narrow narrow = static_cast<Narrow>(value);
    std::memcpy(out, &narrow, sizeof(narrow));
    out += sizeof(narrow);
  }
  return true;
}

// The size of the list that belongs to `type`; -1 for types that have no typed form.
int ListSize(const InferTensorContents& contents, DataType type) {
  switch (type) {
    case DataType::kBool:
      return contents.bool_contents_size();
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
      return contents.int_contents_size();
    case DataType::kInt64:
      return contents.int64_contents_size();
    case DataType::kUint8:
    case DataType::kUint16:
    case DataType::kUint32:
      return contents.uint_contents_size();
    case DataType::kUint64:
      return contents.uint64_contents_size();
    case DataType::kFp32:
      return contents.fp32_contents_size();
    case DataType::kFp64:
      return contents.fp64_contents_size();
    case DataType::kBytes:
      return contents.bytes_contents_size();
    case DataType::kFp16:
    case DataType::kBf16:
    case DataType::kInvalid:
      return -1;
  }
  return -1;
}

// The type of a list that holds something and is not the one of `type`; empty when there is none.
absl::string_view OtherList(const InferTensorContents& contents, DataType type) {
  constexpr std::array<DataType, 8> kLists = {
      DataType::kBool,   DataType::kInt32, DataType::kInt64, DataType::kUint32,
      DataType::kUint64, DataType::kFp32,  DataType::kFp64,  DataType::kBytes};
  int filled = 0;
  for (const DataType list : kLists) filled += ListSize(contents, list) > 0;
  if (filled == (ListSize(contents, type) > 0 ? 1 : 0)) return "";
  // Narrow integers share a list with those of 32 bits.
  if (type == DataType::kInt8 || type == DataType::kInt16) type = DataType::kInt32;
  if (type == DataType::kUint8 || type == DataType::kUint16) type = DataType::kUint32;
  for (const DataType list : kLists) {
    if (list != type && ListSize(contents, list) > 0) return DataTypeName(list);
  }
  return "";
}

absl::Status NoData(const ModelInferRequest::InferInputTensor& input, int index,
                    const std::string& model_name) {
  return InvalidField(InputPath(index, "contents"),
                      absl::StrCat("unable to find data for input tensor '", Quote(input.name()),
                                   "' for model '", Quote(model_name), "' in request."));
}

// False when a value does not fit its type.
bool CopyTyped(const InferTensorContents& contents, DataType type, std::string& bytes) {
  switch (type) {
    case DataType::kBool:
      CopyPlain<bool>(contents.bool_contents(), bytes);
      return true;
    case DataType::kInt8:
      return CopyNarrow<int8_t>(contents.int_contents(), bytes);
    case DataType::kInt16:
      return CopyNarrow<int16_t>(contents.int_contents(), bytes);
    case DataType::kInt32:
      CopyPlain<int32_t>(contents.int_contents(), bytes);
      return true;
    case DataType::kInt64:
      CopyPlain<int64_t>(contents.int64_contents(), bytes);
      return true;
    case DataType::kUint8:
      return CopyNarrow<uint8_t>(contents.uint_contents(), bytes);
    case DataType::kUint16:
      return CopyNarrow<uint16_t>(contents.uint_contents(), bytes);
    case DataType::kUint32:
      CopyPlain<uint32_t>(contents.uint_contents(), bytes);
      return true;
    case DataType::kUint64:
      CopyPlain<uint64_t>(contents.uint64_contents(), bytes);
      return true;
    case DataType::kFp32:
      CopyPlain<float>(contents.fp32_contents(), bytes);
      return true;
    case DataType::kFp64:
      CopyPlain<double>(contents.fp64_contents(), bytes);
      return true;
    case DataType::kBytes:
      for (const std::string& element : contents.bytes_contents()) {
        AppendBytesElement(element, bytes);
      }
      return true;
    case DataType::kFp16:
    case DataType::kBf16:
    case DataType::kInvalid:
      return false;
  }
  return false;
}

absl::Status DecodeTyped(const ModelInferRequest::InferInputTensor& input, int index,
                         const std::string& model_name, Tensor& tensor) {
  if (!input.has_contents() && ElementCount(tensor.shape) == 0) return absl::OkStatus();
  const std::string name = Quote(input.name());
  const std::string model = Quote(model_name);
  if (!input.has_contents()) return NoData(input, index, model_name);
  const absl::string_view type = DataTypeName(tensor.type);
  const std::string raw_only =
      ListSize(input.contents(), tensor.type) < 0
          ? absl::StrCat("; datatype '", type, "' must be given in raw_input_contents")
          : "";
  if (const absl::string_view other = OtherList(input.contents(), tensor.type); !other.empty()) {
    return InvalidField(
        InputPath(index, "contents"),
        absl::StrCat("unexpected explicit tensor data for input tensor '", name, "' for model '",
                     model, "' of type '", other, "', expected datatype '", type, "'", raw_only));
  }
  if (!raw_only.empty()) {
    return InvalidField(InputPath(index, "contents"),
                        absl::StrCat("unable to find data for input tensor '", name,
                                     "' for model '", model, "' in request", raw_only));
  }
  if (!CopyTyped(input.contents(), tensor.type, tensor.bytes)) {
    return InvalidField(InputPath(index, "contents"),
                        absl::StrCat("a value of input '", name, "' for model '", model,
                                     "' does not fit datatype '", type, "'"));
  }
  return absl::OkStatus();
}

template <class Repeated>
void Resize(size_t size, Repeated& list) {
  while (static_cast<size_t>(list.size()) > size) list.RemoveLast();
  while (static_cast<size_t>(list.size()) < size) list.Add();
}

}  // namespace

absl::Status DecodeRequest(ModelInferRequest& message, InferRequest& request) {
  absl::Status status = ReadParameters(message, request);
  // Before the contents, which tensors in shared memory do not have.
  if (status.ok()) status = RefuseSharedMemory(message);
  if (!status.ok()) return status;
  request.model = std::move(*message.mutable_model_name());
  request.version = std::move(*message.mutable_model_version());
  request.id = std::move(*message.mutable_id());
  const bool raw = message.raw_input_contents_size() > 0;
  if (raw && message.raw_input_contents_size() < message.inputs_size()) {
    const int first = message.raw_input_contents_size();
    return NoData(message.inputs(first), first, request.model);
  }
  if (raw && message.raw_input_contents_size() != message.inputs_size()) {
    return InvalidField(
        "raw_input_contents",
        absl::StrCat("expected ", message.inputs_size(), " raw input contents but got ",
                     message.raw_input_contents_size(), " for model '", Quote(request.model), "'"));
  }
  request.inputs.resize(static_cast<size_t>(message.inputs_size()));
  for (int i = 0; i < message.inputs_size(); ++i) {
    ModelInferRequest::InferInputTensor& input = *message.mutable_inputs(i);
    Tensor& tensor = request.inputs[static_cast<size_t>(i)].tensor;
    tensor.type = DataTypeFromName(input.datatype());
    if (tensor.type == DataType::kInvalid) {
      return InvalidField(
          InputPath(i, "datatype"),
          absl::StrCat("unknown datatype '", Quote(input.datatype()), "' for input '",
                       Quote(input.name()), "' for model '", Quote(request.model), "'"));
    }
    tensor.shape.assign(input.shape().begin(), input.shape().end());
    if (!raw) {
      absl::Status typed = DecodeTyped(input, i, request.model, tensor);
      if (!typed.ok()) return typed;
      // The values exist twice now; what is large is not kept until the call has ended.
      if (tensor.bytes.size() > kLargeBytes) input.clear_contents();
    } else if (input.has_contents()) {
      return InvalidField(
          InputPath(i, "contents"),
          absl::StrCat("contents field must not be specified when using raw_input_contents for '",
                       Quote(input.name()), "' for model '", Quote(request.model), "'"));
    } else {
      tensor.bytes = std::move(*message.mutable_raw_input_contents(i));
    }
    request.inputs[static_cast<size_t>(i)].name = std::move(*input.mutable_name());
  }
  request.outputs.reserve(static_cast<size_t>(message.outputs_size()));
  for (int i = 0; i < message.outputs_size(); ++i) {
    auto& output = *message.mutable_outputs(i);
    const absl::StatusOr<int64_t> classes = ReadClasses(output, i);
    if (!classes.ok()) return classes.status();
    request.outputs.push_back({std::move(*output.mutable_name()), *classes});
  }
  return absl::OkStatus();
}

void EncodeAnswer(Prediction& prediction, ModelInferResponse& message) {
  const ModelVersion& version = *prediction.version;
  const absl::AlphaNum number(version.version);
  if (message.model_name() != version.name) message.set_model_name(version.name);
  if (message.model_version() != number.Piece()) {
    message.set_model_version(number.data(), number.size());
  }
  if (message.id() != prediction.request.id) message.set_id(prediction.request.id);
  Resize(prediction.outputs.size(), *message.mutable_outputs());
  Resize(prediction.outputs.size(), *message.mutable_raw_output_contents());
  for (size_t i = 0; i < prediction.outputs.size(); ++i) {
    NamedTensor& output = prediction.outputs[i];
    ModelInferResponse::InferOutputTensor& encoded = *message.mutable_outputs(static_cast<int>(i));
    if (encoded.name() != output.name) encoded.set_name(output.name);
    const absl::string_view type = DataTypeName(output.tensor.type);
    if (encoded.datatype() != type) encoded.set_datatype(type.data(), type.size());
    encoded.mutable_shape()->Assign(output.tensor.shape.begin(), output.tensor.shape.end());
    *message.mutable_raw_output_contents(static_cast<int>(i)) = std::move(output.tensor.bytes);
  }
  if (!message.parameters().empty()) message.clear_parameters();
  if (!prediction.has_features) return;
  auto& parameters = *message.mutable_parameters();
  const FeatureProvenance& features = prediction.features;
  parameters["features_live"].set_int64_param(features.live);
  parameters["features_cached"].set_int64_param(features.cached);
  parameters["features_stale"].set_int64_param(features.stale);
  parameters["features_defaulted"].set_int64_param(features.defaulted);
  parameters["features_from_request"].set_int64_param(features.from_request);
  if (features.oldest_age_ms >= 0) {
    parameters["oldest_feature_age_ms"].set_int64_param(features.oldest_age_ms);
  }
  parameters["degraded"].set_bool_param(features.degraded);
}

std::vector<NamedTensor> TakeOutputs(ModelInferResponse& message) {
  std::vector<NamedTensor> outputs;
  outputs.reserve(static_cast<size_t>(message.outputs_size()));
  for (int i = 0; i < message.outputs_size(); ++i) {
    ModelInferResponse::InferOutputTensor& encoded = *message.mutable_outputs(i);
    NamedTensor output;
    output.name = std::move(*encoded.mutable_name());
    output.tensor.type = DataTypeFromName(encoded.datatype());
    output.tensor.shape.assign(encoded.shape().begin(), encoded.shape().end());
    output.tensor.bytes = std::move(*message.mutable_raw_output_contents(i));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace tournant
