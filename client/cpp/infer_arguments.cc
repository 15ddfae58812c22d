#include "cpp/infer_arguments.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cpp/json_codec.h"
#include "cpp/rest_request.h"
#include "cpp/written_tensor.h"

namespace tournant::client {
namespace {

inference::ModelInferRequest Empty(const ModelSignature& signature) {
  inference::ModelInferRequest request;
  request.set_model_name(signature.name);
  request.set_model_version(signature.version);
  return request;
}

}  // namespace

absl::StatusOr<inference::ModelInferRequest> RequestFromArguments(
    const ModelSignature& signature, const std::vector<std::string>& arguments) {
  inference::ModelInferRequest request = Empty(signature);
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat("'", Quote(argument), "' is not name=value"));
    }
    const auto tensor = FindTensor(signature, argument.substr(0, equals));
    if (!tensor.ok()) return tensor.status();
    absl::Status added = AddWritten(
        signature, **tensor,
        TensorFromText((*tensor)->type, absl::string_view(argument).substr(equals + 1)), request);
    if (!added.ok()) return added;
  }
  return request;
}

absl::StatusOr<inference::ModelInferRequest> RequestFromJson(const ModelSignature& signature,
                                                             absl::string_view text) {
  Json json;
  try {
    json = Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON: ", error.what()));
  }
  if (!json.is_object()) return absl::InvalidArgumentError("the JSON is not an object");
  inference::ModelInferRequest request = Empty(signature);
  if (json.contains("inputs") && signature.FindInput("inputs") == nullptr) {
    if (absl::Status added = AddRestRequest(signature, json, request); !added.ok()) return added;
    return request;
  }
  for (const auto& [name, value] : json.items()) {
    const auto tensor = FindTensor(signature, name);
    if (!tensor.ok()) return tensor.status();
    absl::Status added =
        AddWritten(signature, **tensor, TensorFromJson((*tensor)->type, value), request);
    if (!added.ok()) return added;
  }
  return request;
}

}  // namespace tournant::client
