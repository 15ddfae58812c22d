#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cpp/connection_flags.h"
#include "cpp/json_codec.h"
#include "cpp/model_signature.h"
#include "cpp/output_flag.h"
#include "cpp/subcommand.h"

namespace tournant::client {
namespace {

struct Described {
  inference::ModelMetadataResponse metadata;
  ModelSignature signature;
};

absl::StatusOr<Described> Describe(InferenceClient& client, const std::string& model) {
  Described described;
  auto metadata = client.ModelMetadata(model);
  if (!metadata.ok()) return metadata.status();
  const auto config = client.ModelConfig(model);
  if (!config.ok()) return config.status();
  auto signature = MakeSignature(*metadata, *config);
  if (!signature.ok()) return signature.status();
  return Described{*std::move(metadata), *std::move(signature)};
}

std::string DimsText(const ModelSignature& signature, const TensorSignature& tensor) {
  return absl::StrCat("[", signature.batches() ? (tensor.dims.empty() ? "-1" : "-1,") : "",
                      absl::StrJoin(tensor.dims, ","), "]");
}

void PrintTensors(const ModelSignature& signature, absl::string_view heading,
                  const std::vector<TensorSignature>& tensors, int width, std::ostream& out) {
  for (const TensorSignature& tensor : tensors) {
    out << absl::StrFormat("  %-9s %-*s %-7s %s%s\n", heading, width, tensor.name,
                           DatatypeName(tensor.type), DimsText(signature, tensor),
                           tensor.optional && heading == "input" ? "  optional" : "");
  }
}

// Of the longest name.
int NameWidth(const ModelSignature& signature) {
  size_t width = 0;
  for (const auto* list : {&signature.inputs, &signature.outputs, &signature.overrides}) {
    for (const TensorSignature& tensor : *list) width = std::max(width, tensor.name.size());
  }
  return static_cast<int>(width);
}

void PrintDescribed(const Described& described, std::ostream& out) {
  const ModelSignature& signature = described.signature;
  out << signature.name << "  version " << absl::StrJoin(described.metadata.versions(), ", ")
      << "  " << described.metadata.platform();
  if (signature.batches()) out << "  batches of up to " << signature.max_batch_size;
  out << "\n";
  const int width = NameWidth(signature);
  PrintTensors(signature, "input", signature.inputs, width, out);
  PrintTensors(signature, "output", signature.outputs, width, out);
  PrintTensors(signature, "override", signature.overrides, width, out);
}

Json TensorsJson(const ModelSignature& signature, const std::vector<TensorSignature>& tensors) {
  Json list = Json::array();
  for (const TensorSignature& tensor : tensors) {
    Json entry;
    entry["name"] = tensor.name;
    entry["datatype"] = std::string(DatatypeName(tensor.type));
    entry["shape"] = signature.ShapeOf(tensor, -1, -1);
    entry["optional"] = tensor.optional;
    list.push_back(std::move(entry));
  }
  return list;
}

Json DescribedJson(const Described& described) {
  Json json;
  json["name"] = described.signature.name;
  json["versions"] = std::vector<std::string>(described.metadata.versions().begin(),
                                              described.metadata.versions().end());
  json["platform"] = described.metadata.platform();
  json["max_batch_size"] = described.signature.max_batch_size;
  json["inputs"] = TensorsJson(described.signature, described.signature.inputs);
  json["outputs"] = TensorsJson(described.signature, described.signature.outputs);
  json["overrides"] = TensorsJson(described.signature, described.signature.overrides);
  return json;
}

int RunNamed(ToolContext& context, InferenceClient& client, bool as_json) {
  int exit = kExitOk;
  Json list = Json::array();
  for (const std::string& model : context.positional) {
    const absl::StatusOr<Described> described = Describe(client, model);
    if (!described.ok()) {
      exit = Failure(context, described.status());
    } else if (as_json) {
      list.push_back(DescribedJson(*described));
    } else {
      PrintDescribed(*described, context.out);
    }
  }
  if (as_json) context.out << WriteJson(list, true) << "\n";
  return exit;
}

int RunModels(ToolContext& context) {
  const auto as_json = OutputIsJson();
  if (!as_json.ok()) return UsageError(context, as_json.status());
  const auto client = ConnectedClient(context);
  if (!client.ok()) return UsageError(context, client.status());
  if (!context.positional.empty()) return RunNamed(context, **client, *as_json);

  const auto server = (*client)->ServerMetadata();
  if (!server.ok()) return Failure(context, server.status());
  const auto index = (*client)->RepositoryIndex();
  if (!index.ok()) return Failure(context, index.status());
  if (*as_json) {
    Json json;
    json["server"] = server->name();
    json["version"] = server->version();
    json["models"] = Json::array();
    for (const auto& model : index->models()) {
      json["models"].push_back({{"name", model.name()},
                                {"version", model.version()},
                                {"state", model.state()},
                                {"reason", model.reason()}});
    }
    context.out << WriteJson(json, true) << "\n";
    return kExitOk;
  }
  context.out << server->name() << " " << server->version() << "\n";
  size_t width = 5;
  for (const auto& model : index->models()) width = std::max(width, model.name().size());
  for (const auto& model : index->models()) {
    context.out << absl::StrFormat("  %-*s  %-8s %-12s %s\n", static_cast<int>(width), model.name(),
                                   model.version(), model.state(), model.reason());
  }
  if (index->models().empty()) context.out << "  no models\n";
  return kExitOk;
}

}  // namespace

Subcommand ModelsCommand() {
  return {.name = "models",
          .synopsis = "[MODEL...]",
          .purpose = "lists the server's models and their states, or describes those named",
          .flags = WithConnectionFlags({"output"}),
          .min_positional = 0,
          .max_positional = 1'000,
          .run = RunModels};
}

}  // namespace tournant::client
