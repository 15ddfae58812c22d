#include "cpp/rest_request.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "cpp/written_tensor.h"

namespace tournant::client {
namespace {

using Parameters = google::protobuf::Map<std::string, inference::InferParameter>;

absl::Status Wrong(absl::string_view place, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(place, " ", what));
}

// INVALID_ARGUMENT unless `object` is an object with no other keys than `known`. `prefix` is what
// stands before a key to name its place: empty, or with a dot at its end.
absl::Status CheckKeys(const Json& object, const std::string& prefix,
                       std::initializer_list<absl::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return Wrong(absl::StrCat(prefix, Quote(key)),
                 absl::StrCat("is not understood; what is: ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

absl::Status ToParameter(const Json& value, const std::string& place,
                         inference::InferParameter& parameter) {
  if (value.is_boolean()) {
    parameter.set_bool_param(value.get<bool>());
  } else if (value.is_number_unsigned() &&
             value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return Wrong(place, "is a whole number above 9223372036854775807");
  } else if (value.is_number_integer()) {
    parameter.set_int64_param(value.get<int64_t>());
  } else if (value.is_number_float()) {
    parameter.set_double_param(value.get<double>());
  } else if (value.is_string()) {
    parameter.set_string_param(value.get<std::string>());
  } else {
    return Wrong(place, "is no boolean, number or string, as a parameter is");
  }
  return absl::OkStatus();
}

// What `object` has under "parameters", if anything.
absl::Status AddParameters(const Json& object, const std::string& prefix, Parameters& parameters) {
  const auto found = object.find("parameters");
  if (found == object.end()) return absl::OkStatus();
  const std::string place = prefix + "parameters";
  if (!found->is_object()) return Wrong(place, "is not an object");
  for (const auto& [name, value] : found->items()) {
    absl::Status added =
        ToParameter(value, absl::StrCat(place, ".", Quote(name)), parameters[name]);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TextAt(const Json& object, const std::string& prefix,
                                   const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end()) return Wrong(prefix + key, "is missing");
  if (!found->is_string()) return Wrong(prefix + key, "is not a string");
  return found->get<std::string>();
}

absl::StatusOr<std::vector<int64_t>> ShapeAt(const Json& object, const std::string& prefix) {
  const Json& sizes = object["shape"];
  const bool whole =
      sizes.is_array() && std::all_of(sizes.begin(), sizes.end(),
                                      [](const Json& size) { return size.is_number_integer(); });
  if (!whole) return Wrong(prefix + "shape", "is not a list of whole numbers");
  return sizes.get<std::vector<int64_t>>();
}

absl::Status AddInput(const ModelSignature& signature, const Json& entry, const std::string& prefix,
                      inference::ModelInferRequest& request) {
  absl::Status keys = CheckKeys(entry, prefix, {"name", "datatype", "shape", "parameters", "data"});
  if (!keys.ok()) return keys;
  const absl::StatusOr<std::string> name = TextAt(entry, prefix, "name");
  if (!name.ok()) return name.status();
  if (!entry.contains("data")) return Wrong(prefix + "data", "is missing");

  const TensorSignature* known = signature.FindInput(*name);
  const bool complete = entry.contains("datatype") && entry.contains("shape");
  if (known == nullptr && !complete) return FindTensor(signature, *name).status();
  TensorSignature tensor;
  if (known != nullptr) tensor = *known;
  if (entry.contains("datatype")) {
    const absl::StatusOr<std::string> datatype = TextAt(entry, prefix, "datatype");
    if (!datatype.ok()) return datatype.status();
    tensor.type = DatatypeFromName(*datatype);
    if (tensor.type == Datatype::kInvalid) return WrongInput(*name, "unknown datatype");
  }
  absl::StatusOr<WrittenTensor> written = TensorFromJson(tensor.type, entry["data"]);
  absl::Status added;
  if (entry.contains("shape")) {
    const absl::StatusOr<std::vector<int64_t>> shape = ShapeAt(entry, prefix);
    if (!shape.ok()) return shape.status();
    added = AddShaped(*name, tensor.type, *shape, std::move(written), request);
  } else {
    added = AddWritten(signature, tensor, std::move(written), request);
  }
  if (!added.ok()) return added;
  return AddParameters(entry, prefix,
                       *request.mutable_inputs(request.inputs_size() - 1)->mutable_parameters());
}

absl::Status AddOutput(const Json& entry, const std::string& prefix,
                       inference::ModelInferRequest& request) {
  if (absl::Status keys = CheckKeys(entry, prefix, {"name", "parameters"}); !keys.ok()) return keys;
  const absl::StatusOr<std::string> name = TextAt(entry, prefix, "name");
  if (!name.ok()) return name.status();
  auto* output = request.add_outputs();
  output->set_name(*name);
  return AddParameters(entry, prefix, *output->mutable_parameters());
}

// Calls add(entry, "KEY[3].") for each object in the list under `key`.
template <typename Add>
absl::Status ForEach(const Json& json, const std::string& key, Add add) {
  if (!json.contains(key)) return absl::OkStatus();
  if (!json[key].is_array()) return Wrong(key, "is not an array");
  for (size_t i = 0; i < json[key].size(); ++i) {
    const std::string place = absl::StrCat(key, "[", i, "]");
    if (!json[key][i].is_object()) return Wrong(place, "is not an object");
    if (absl::Status added = add(json[key][i], place + "."); !added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AddRestRequest(const ModelSignature& signature, const Json& json,
                            inference::ModelInferRequest& request) {
  absl::Status status = CheckKeys(json, "", {"id", "parameters", "inputs", "outputs"});
  if (!status.ok()) return status;
  if (json.contains("id")) {
    absl::StatusOr<std::string> id = TextAt(json, "", "id");
    if (!id.ok()) return id.status();
    request.set_id(*std::move(id));
  }
  status = AddParameters(json, "", *request.mutable_parameters());
  if (!status.ok()) return status;
  status = ForEach(json, "inputs", [&](const Json& entry, const std::string& prefix) {
    return AddInput(signature, entry, prefix, request);
  });
  if (!status.ok()) return status;
  return ForEach(json, "outputs", [&](const Json& entry, const std::string& prefix) {
    return AddOutput(entry, prefix, request);
  });
}

}  // namespace tournant::client
