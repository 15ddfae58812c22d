#include "cpp/request_flags.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cpp/infer_arguments.h"

ABSL_FLAG(std::string, json, "",
          "file with the request as JSON, - for standard input: {\"name\": value, ...} or the "
          "protocol's REST form");
ABSL_FLAG(std::string, model_version, "", "version of the model; empty for the one that is served");

namespace tournant::client {
namespace {

absl::StatusOr<std::string> ReadJson(const ToolContext& context, const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(context.in), {});
  if (std::error_code error; std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat("--json: ", Quote(path), " is a directory"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("--json: cannot open ", Quote(path)));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

absl::StatusOr<RequestText> ReadRequestText(const ToolContext& context) {
  RequestText text;
  text.values.assign(context.positional.begin() + 1, context.positional.end());
  const std::string path = absl::GetFlag(FLAGS_json);
  if (path.empty()) return text;
  if (!text.values.empty()) {
    return absl::InvalidArgumentError("give either name=value... or --json");
  }
  absl::StatusOr<std::string> read = ReadJson(context, path);
  if (!read.ok()) return read.status();
  text.json = *std::move(read);
  return text;
}

absl::StatusOr<inference::ModelInferRequest> MakeRequest(const ModelSignature& signature,
                                                         const RequestText& text) {
  return text.json.has_value() ? RequestFromJson(signature, *text.json)
                               : RequestFromArguments(signature, text.values);
}

std::string ModelVersionFlag() { return absl::GetFlag(FLAGS_model_version); }

}  // namespace tournant::client
