#include "cpp/json_codec.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cpp/infer_result.h"
#include "cpp/tensor_codec.h"

namespace tournant::client {
namespace {

// No tensor has more dimensions, and recursion stays shallow.
constexpr size_t kMaxDepth = 16;

bool IsFloating(Datatype type) {
  return type == Datatype::kFp16 || type == Datatype::kBf16 || type == Datatype::kFp32 ||
         type == Datatype::kFp64;
}

absl::Status FlattenAt(const Json& value, size_t depth, std::vector<const Json*>& leaves,
                       std::vector<int64_t>& shape) {
  if (!value.is_array()) {
    if (depth != shape.size()) return absl::InvalidArgumentError("arrays of uneven depth");
    leaves.push_back(&value);
    return absl::OkStatus();
  }
  const auto size = static_cast<int64_t>(value.size());
  if (depth == shape.size()) {
    if (!leaves.empty()) return absl::InvalidArgumentError("arrays of uneven depth");
    if (depth == kMaxDepth) return absl::InvalidArgumentError("arrays nested too deep");
    shape.push_back(size);
  } else if (shape[depth] != size) {
    return absl::InvalidArgumentError(
        absl::StrCat("arrays of uneven length, ", shape[depth], " and ", size));
  }
  for (const Json& element : value) {
    if (absl::Status flat = FlattenAt(element, depth + 1, leaves, shape); !flat.ok()) return flat;
  }
  return absl::OkStatus();
}

Json ParameterToJson(const inference::InferParameter& parameter) {
  switch (parameter.parameter_choice_case()) {
    case inference::InferParameter::kBoolParam:
      return parameter.bool_param();
    case inference::InferParameter::kInt64Param:
      return parameter.int64_param();
    case inference::InferParameter::kStringParam:
      return parameter.string_param();
    case inference::InferParameter::kDoubleParam:
      return parameter.double_param();
    case inference::InferParameter::kUint64Param:
      return parameter.uint64_param();
    case inference::InferParameter::PARAMETER_CHOICE_NOT_SET:
      break;
  }
  return Json();
}

}  // namespace

absl::Status AppendJsonElement(Datatype type, const Json& value, std::string& raw) {
  const auto refuse = [&] {
    return absl::InvalidArgumentError(absl::StrCat("'", Quote(WriteJson(value, false), 40),
                                                   "' is not a value of ", DatatypeName(type)));
  };
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    if (type == Datatype::kBytes) {
      AppendBytes(text, raw);
      return absl::OkStatus();
    }
    const bool special = text == "NaN" || text == "Infinity" || text == "-Infinity";
    if (!IsFloating(type) || !special) return refuse();
    return AppendElement(type, text, raw);
  }
  if (type == Datatype::kBytes) return refuse();
  if (value.is_boolean() != (type == Datatype::kBool)) return refuse();
  if (!value.is_boolean() && !value.is_number()) return refuse();
  return AppendElement(type, value.dump(), raw);
}

Json TakeJsonElement(Datatype type, absl::string_view& raw) {
  std::string text;
  if (type == Datatype::kFp64 || type == Datatype::kBytes) {
    double number = 0;
    if (type == Datatype::kBytes) return TakeElement(type, raw, text) ? Json(text) : Json();
    if (!TakeNumber(type, raw, number)) return Json();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return number;
  }
  if (!TakeElement(type, raw, text)) return Json();
  if (IsFloating(type)) {
    if (text == "nan" || text == "-nan") return "NaN";
    if (text == "inf") return "Infinity";
    if (text == "-inf") return "-Infinity";
    // By way of the text, so that 0.1 of 32 bits is written as 0.1.
  }
  return Json::parse(text);
}

absl::Status Flatten(const Json& value, std::vector<const Json*>& leaves,
                     std::vector<int64_t>& shape) {
  return FlattenAt(value, 0, leaves, shape);
}

Json ParametersToJson(const google::protobuf::Map<std::string, inference::InferParameter>& given) {
  const std::map<std::string, inference::InferParameter> sorted(given.begin(), given.end());
  Json json = Json::object();
  for (const auto& [name, value] : sorted) json[name] = ParameterToJson(value);
  return json;
}

absl::StatusOr<Json> ResponseToJson(const inference::ModelInferResponse& response) {
  const absl::StatusOr<std::vector<OutputView>> outputs = DecodeOutputs(response);
  if (!outputs.ok()) return outputs.status();
  Json json;
  json["model_name"] = response.model_name();
  json["model_version"] = response.model_version();
  if (!response.id().empty()) json["id"] = response.id();
  if (!response.parameters().empty()) json["parameters"] = ParametersToJson(response.parameters());
  json["outputs"] = Json::array();
  for (const OutputView& output : *outputs) {
    Json data = Json::array();
    absl::string_view raw = output.raw;
    for (int64_t i = 0; i < output.elements(); ++i)
      data.push_back(TakeJsonElement(output.type, raw));
    Json tensor;
    tensor["name"] = std::string(output.name);
    tensor["datatype"] = std::string(DatatypeName(output.type));
    tensor["shape"] = output.shape;
    const auto& parameters =
        response.outputs(static_cast<int>(json["outputs"].size())).parameters();
    if (!parameters.empty()) tensor["parameters"] = ParametersToJson(parameters);
    tensor["data"] = std::move(data);
    json["outputs"].push_back(std::move(tensor));
  }
  return json;
}

std::string WriteJson(const Json& json, bool indented) {
  return json.dump(indented ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tournant::client
