#include "status/rest_request.h"

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "pipeline/request_parameters.h"
#include "status/rest_data.h"

namespace tournant {
namespace {

using Json = nlohmann::json;

// Keys and values of a request besides its data: far more than any client means.
constexpr int kMostValues = 100'000;
// Of containers: the request, inputs, an input, its parameters or its shape, and one to spare.
constexpr int kDeepest = 5;

absl::Status Wrong(const std::string& field, absl::string_view what) {
  return InvalidField(field, absl::StrCat(field, " ", what));
}

// The request without the data of its inputs. What would need much memory is left out, so that a
// hostile text costs no more than an honest one.
absl::StatusOr<Json> ParseWithoutData(absl::string_view text) {
  bool in_inputs = false;
  bool in_data = false;
  int values = 0;
  const auto keep = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key) {
      const std::string& name = parsed.get_ref<const std::string&>();
      if (depth == 1) in_inputs = name == "inputs";
      if (depth <= 3) in_data = depth == 3 && in_inputs && name == "data";
    }
    if (event == Json::parse_event_t::object_start && depth <= 2)
      in_data = false;  // The next input.
    if (event == Json::parse_event_t::array_end || event == Json::parse_event_t::object_end) {
      return true;
    }
    return !in_data && depth <= kDeepest && ++values <= kMostValues;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), keep);
    if (values > kMostValues) {
      return absl::InvalidArgumentError(
          absl::StrCat("the request has more than ", kMostValues, " values besides its data"));
    }
    if (!json.is_object()) return absl::InvalidArgumentError("the request is not a JSON object");
    return json;
  } catch (const std::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    absl::string_view what(error.what());
    if (const size_t end = what.find("] "); end != absl::string_view::npos)
      what.remove_prefix(end + 2);
    return absl::InvalidArgumentError(
        absl::StrCat("the request is not JSON: ", what.substr(0, 400)));
  }
}

absl::Status CheckKeys(const Json& object, const std::string& prefix,
                       std::initializer_list<absl::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return Wrong(absl::StrCat(prefix, Quote(key)),
                 absl::StrCat("is not understood; what is: ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TextAt(const Json& object, const std::string& prefix, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return Wrong(prefix + key, "is missing");
  if (!found->is_string()) return Wrong(prefix + key, "is not a string");
  return found->get<std::string>();
}

absl::StatusOr<ParameterValue> ValueOf(const Json& value, const std::string& field) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return value.get<bool>();
    case Json::value_t::number_unsigned:
      // A whole number above 0 is int64_param to gRPC's callers, where it fits.
      if (std::in_range<int64_t>(value.get<uint64_t>())) return value.get<int64_t>();
      return value.get<uint64_t>();
    case Json::value_t::number_integer:
      return value.get<int64_t>();
    case Json::value_t::number_float:
      return value.get<double>();
    case Json::value_t::string:
      return value.get<std::string>();
    default:
      return Wrong(field, "is no boolean, number or string, as a parameter is");
  }
}

// Calls use(name, value, field) for each of the parameters of `object`.
template <class Use>
absl::Status EachParameter(const Json& object, const std::string& prefix, Use use) {
  const auto found = object.find("parameters");
  if (found == object.end()) return absl::OkStatus();
  if (!found->is_object()) return Wrong(prefix + "parameters", "is not an object");
  for (const auto& [name, json] : found->items()) {
    const std::string field = absl::StrCat(prefix, "parameters[", Quote(name), "]");
    absl::StatusOr<ParameterValue> value = ValueOf(json, field);
    if (!value.ok()) return value.status();
    if (absl::Status used = use(name, *value, field); !used.ok()) return used;
  }
  return absl::OkStatus();
}

// The binary form puts tensors behind the JSON; who asks for it would not understand the answer.
absl::Status RefuseBinary(const std::string& name, const ParameterValue& value,
                          const std::string& field) {
  if (!absl::StartsWith(name, "binary_data")) return absl::OkStatus();
  const auto* wanted = std::get_if<bool>(&value);
  if (wanted != nullptr && !*wanted) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat(field, ": tensors are sent and answered as JSON here, not as binary data"));
}

absl::Status ReadInput(const Json& entry, const std::string& path, NamedTensor& input) {
  const std::string prefix = path + ".";
  absl::Status status =
      CheckKeys(entry, prefix, {"name", "shape", "datatype", "parameters", "data"});
  if (!status.ok()) return status;
  absl::StatusOr<std::string> name = TextAt(entry, prefix, "name");
  if (!name.ok()) return name.status();
  input.name = *std::move(name);
  status = EachParameter(entry, prefix, [&](const auto& key, const auto& value, const auto& field) {
    if (key == "shared_memory_region") return RefuseSharedMemory(path, value);
    return RefuseBinary(key, value, field);
  });
  if (!status.ok()) return status;

  const absl::StatusOr<std::string> datatype = TextAt(entry, prefix, "datatype");
  if (!datatype.ok()) return datatype.status();
  input.tensor.type = DataTypeFromName(*datatype);
  if (input.tensor.type == DataType::kInvalid) {
    return Wrong(prefix + "datatype",
                 absl::StrCat("is '", Quote(*datatype), "', which is no datatype; FP32 is one"));
  }
  const std::string field = prefix + "shape";
  const auto shape = entry.find("shape");
  if (shape == entry.end()) return Wrong(field, "is missing");
  if (!shape->is_array()) return Wrong(field, "is not an array");
  for (const Json& size : *shape) {
    if (!size.is_number_unsigned() || !std::in_range<int64_t>(size.get<uint64_t>())) {
      return Wrong(field, "holds something else than sizes, which are whole numbers from 0 on");
    }
    input.tensor.shape.push_back(size.get<int64_t>());
  }
  if (!ElementCount(input.tensor.shape)) return Wrong(field, "is too large");
  return absl::OkStatus();
}

absl::Status ReadOutput(const Json& entry, const std::string& path, RequestedOutput& output) {
  const std::string prefix = path + ".";
  absl::Status status = CheckKeys(entry, prefix, {"name", "parameters"});
  if (!status.ok()) return status;
  absl::StatusOr<std::string> name = TextAt(entry, prefix, "name");
  if (!name.ok()) return name.status();
  output.name = *std::move(name);
  return EachParameter(entry, prefix, [&](const auto& key, const auto& value, const auto& field) {
    if (key == "shared_memory_region") return RefuseSharedMemory(path, value);
    if (key != "classification") return RefuseBinary(key, value, field);
    const absl::StatusOr<int64_t> classes = ReadClasses(path, value);
    if (classes.ok()) output.classes = *classes;
    return classes.status();
  });
}

// Calls read(entry, "KEY[3]", value) for each object in the list under `key`.
template <class Value, class Read>
absl::Status ReadEach(const Json& json, const char* key, std::vector<Value>& values, Read read) {
  const auto list = json.find(key);
  if (list == json.end()) return absl::OkStatus();
  if (!list->is_array()) return Wrong(key, "is not an array");
  for (const Json& entry : *list) {
    const std::string path = absl::StrCat(key, "[", values.size(), "]");
    if (!entry.is_object()) return Wrong(path, "is not an object");
    if (absl::Status status = read(entry, path, values.emplace_back()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeRestRequest(absl::string_view text, InferRequest& request) {
  const absl::StatusOr<Json> json = ParseWithoutData(text);
  if (!json.ok()) return json.status();
  absl::Status status = CheckKeys(*json, "", {"id", "parameters", "inputs", "outputs"});
  if (!status.ok()) return status;
  if (json->contains("id")) {
    absl::StatusOr<std::string> id = TextAt(*json, "", "id");
    if (!id.ok()) return id.status();
    request.id = *std::move(id);
  }
  status = EachParameter(*json, "", [&](const auto& name, const auto& value, const auto& field) {
    if (name == "binary_data_output") return RefuseBinary(name, value, field);
    return ReadParameter(name, value, request);
  });
  if (!status.ok()) return status;
  if (!json->contains("inputs")) return Wrong("inputs", "is missing");
  status = ReadEach(*json, "inputs", request.inputs, ReadInput);
  if (!status.ok()) return status;
  status = ReadEach(*json, "outputs", request.outputs, ReadOutput);
  if (!status.ok()) return status;
  return ReadRestData(text, request.inputs);
}

}  // namespace tournant
