#include "models/config_parser.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "inference/model_config.pb.h"
#include "models/config_node.h"
#include "models/config_parameter.h"
#include "models/config_problems.h"
#include "models/config_scheduling.h"
#include "models/config_tensors.h"
#include "models/config_warm_up.h"
#include "models/model_file.h"

namespace tournant {
namespace {

using ::google::protobuf::TextFormat;

bool IsPyTorch(absl::string_view name) {
  return name.empty() || name == kTorchPlatform || name == kTorchBackend ||
         name == "pytorch_torchscript";
}

void ReadNames(const ConfigNode& root, const std::string& model_name, ModelConfig& config) {
  const auto& proto = root.As<inference::ModelConfig>();
  config.name = model_name;
  if (!proto.name().empty() && proto.name() != model_name) {
    root.Refuse("name", absl::StrCat("is '", Quote(proto.name()), "', but the directory is '",
                                     Quote(model_name), "'"));
  }
  if (!IsPyTorch(proto.platform())) {
    root.Refuse("platform", absl::StrCat("'", Quote(proto.platform()),
                                         "' is not supported; it has to be ", kTorchPlatform));
  }
  if (!IsPyTorch(proto.backend())) {
    root.Refuse("backend", absl::StrCat("'", Quote(proto.backend()),
                                        "' is not supported; it has to be ", kTorchBackend));
  }
  config.platform = kTorchPlatform;
  if (proto.default_model_filename().empty()) return;
  config.model_filename = proto.default_model_filename();
  if (!IsPlainFileName(config.model_filename)) {
    root.Refuse("default_model_filename", "is not a plain file name");
  } else if (absl::EndsWith(config.model_filename, ".pt2")) {
    root.Refuse("default_model_filename",
                "is an exported program, which is not supported: save the model as TorchScript");
  }
}

void ReadParameters(const ConfigNode& root, ModelConfig& config) {
  using Kind = ConfigParameterRule::Kind;
  constexpr absl::string_view kField = "parameters";
  for (int i = 0; i < root.Size(kField); ++i) {
    const std::string key = root.Key(kField, i);
    const std::string& value = root.Child(kField, i).As<inference::ModelParameter>().string_value();
    const ConfigParameterRule rule = CheckConfigParameter(key, value);
    if (rule.kind == Kind::kRefused) root.Refuse(kField, rule.text, i);
    if (rule.kind == Kind::kNoEffect) root.Warn(kField, rule.text, i);
    if (!config.parameters.emplace(key, value).second) root.Refuse(kField, "is given twice", i);
  }
}

// 0 and nothing are the same to proto3, but not here: 0 means that there is no batch dimension.
bool BatchSizeIsOpen(const inference::ModelConfig& proto, bool is_given) {
  return !is_given && std::all_of(proto.input().begin(), proto.input().end(),
                                  [](const auto& input) { return input.dims().empty(); });
}

bool GivesBatchSize(const TextFormat::ParseInfoTree& places) {
  const auto* field = inference::ModelConfig::descriptor()->FindFieldByName("max_batch_size");
  return places.GetLocation(field, -1).line >= 0;
}
// `json` has been read as a config already. Either spelling is protobuf's.
bool GivesBatchSize(const std::string& json) {
  google::protobuf::Struct config;
  if (!google::protobuf::util::JsonStringToMessage(json, &config).ok()) return false;
  return config.fields().contains("max_batch_size") || config.fields().contains("maxBatchSize");
}

// `places` is null where the parser kept none.
absl::StatusOr<ModelConfig> ReadConfig(const inference::ModelConfig& proto,
                                       const ConfigNode::Places* places, ConfigProblems& problems,
                                       const std::string& model_name, bool gives_batch_size,
                                       std::vector<std::string>* warnings) {
  const ConfigNode root(proto, places, problems);
  root.CheckText();
  root.CheckFields();
  ModelConfig config;
  ReadNames(root, model_name, config);
  ReadVersionPolicy(root, config);
  ReadBatching(root, config);
  ReadTensors(root, config);
  config.max_batch_size_open = BatchSizeIsOpen(proto, gives_batch_size);
  ReadInstanceGroups(root, config);
  ReadParameters(root, config);
  ReadWarmUp(root, config);
  if (absl::Status status = problems.status(); !status.ok()) return status;
  if (warnings != nullptr) {
    for (std::string& warning : problems.warnings()) warnings->push_back(std::move(warning));
  }
  config.serialized = proto.SerializeAsString();
  return config;
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(const std::string& text, const std::string& file,
                                             const std::string& model_name,
                                             std::vector<std::string>* warnings) {
  ConfigProblems problems(file);
  TextFormat::ParseInfoTree places;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&problems);
  parser.WriteLocationsTo(&places);
  inference::ModelConfig proto;
  if (!parser.ParseFromString(text, &proto)) return problems.status();
  return ReadConfig(proto, &places, problems, model_name, GivesBatchSize(places), warnings);
}

absl::StatusOr<ModelConfig> ParseModelConfigJson(const std::string& json,
                                                 const std::string& model_name,
                                                 std::vector<std::string>* warnings,
                                                 const std::string& shown) {
  ConfigProblems problems(shown);
  inference::ModelConfig proto;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &proto);
  if (!parsed.ok()) {
    problems.AddError(-1, -1, std::string(parsed.message()));
    return problems.status();
  }
  return ReadConfig(proto, nullptr, problems, model_name, GivesBatchSize(json), warnings);
}

}  // namespace tournant
