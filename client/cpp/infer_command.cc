#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "cpp/connection_flags.h"
#include "cpp/feature_counts.h"
#include "cpp/infer_result.h"
#include "cpp/json_codec.h"
#include "cpp/model_signature.h"
#include "cpp/output_flag.h"
#include "cpp/request_flags.h"
#include "cpp/subcommand.h"
#include "cpp/tensor_codec.h"

ABSL_FLAG(std::string, id, "", "id of the request, kept with the saved prediction");

namespace tournant::client {
namespace {

// Values of one row that are shown before the line is cut.
constexpr int64_t kMaxShown = 32;

std::string RowText(Datatype type, int64_t width, absl::string_view& raw) {
  std::string text;
  for (int64_t i = 0; i < width; ++i) {
    std::string element;
    if (!TakeElement(type, raw, element)) break;
    if (i > kMaxShown) continue;
    absl::StrAppend(&text, i == 0 ? "" : ", ",
                    i == kMaxShown             ? absl::StrCat("... ", width, " in all")
                    : type == Datatype::kBytes ? absl::StrCat("\"", Quote(element), "\"")
                                               : element);
  }
  return text;
}

void PrintText(const inference::ModelInferResponse& response,
               const std::vector<OutputView>& outputs, std::ostream& out) {
  out << "model " << response.model_name() << ", version " << response.model_version() << "\n";
  for (size_t i = 0; i < outputs.size(); ++i) {
    const OutputView& output = outputs[i];
    out << output.name << "  " << DatatypeName(output.type) << " ["
        << absl::StrJoin(output.shape, ",") << "]";
    const auto& parameters = response.outputs(static_cast<int>(i)).parameters();
    if (!parameters.empty()) out << "  " << WriteJson(ParametersToJson(parameters), false);
    out << "\n";
    const int64_t rows = output.shape.empty() ? 1 : output.shape.front();
    absl::string_view raw = output.raw;
    for (int64_t row = 0; row < rows; ++row) {
      out << "  " << RowText(output.type, output.elements() / rows, raw) << "\n";
    }
  }
  FeatureCounts features;
  features.Add(response, 1);
  if (const std::string text = FeatureText(features); !text.empty()) {
    out << "features: " << text << (features.degraded_answers > 0 ? ", degraded" : "") << "\n";
  }
  const Json parameters = ParametersToJson(response.parameters());
  for (const auto& [name, value] : parameters.items()) {
    if (name.rfind("features_", 0) == 0 || name == "degraded" || name == "oldest_feature_age_ms") {
      continue;
    }
    out << name << ": " << WriteJson(value, false) << "\n";
  }
}

int RunInfer(ToolContext& context) {
  const auto text = ReadRequestText(context);
  if (!text.ok()) return UsageError(context, text.status());
  if (text->empty()) {
    return UsageError(context, absl::InvalidArgumentError("give either name=value... or --json"));
  }
  const auto as_json = OutputIsJson();
  if (!as_json.ok()) return UsageError(context, as_json.status());
  const auto client = ConnectedClient(context);
  if (!client.ok()) return UsageError(context, client.status());
  const auto signature = FetchSignature(**client, context.positional.front(), ModelVersionFlag());
  if (!signature.ok()) return Failure(context, signature.status());

  auto request = MakeRequest(*signature, *text);
  if (!request.ok()) return UsageError(context, request.status());
  if (const std::string id = absl::GetFlag(FLAGS_id); !id.empty()) request->set_id(id);

  const auto response = (*client)->Infer(*request);
  if (!response.ok()) return Failure(context, response.status());
  if (*as_json) {
    const auto json = ResponseToJson(*response);
    if (!json.ok()) return Failure(context, json.status());
    context.out << WriteJson(*json, true) << "\n";
    return kExitOk;
  }
  const auto outputs = DecodeOutputs(*response);
  if (!outputs.ok()) return Failure(context, outputs.status());
  PrintText(*response, *outputs, context.out);
  return kExitOk;
}

}  // namespace

Subcommand InferCommand() {
  return {.name = "infer",
          .synopsis = "MODEL (name=value... | --json=FILE|-)",
          .purpose = "sends one request and prints the answer, with where its features came from",
          .flags = WithConnectionFlags({"json", "output", "model_version", "id"}),
          .min_positional = 1,
          .max_positional = 10'000,
          .run = RunInfer};
}

}  // namespace tournant::client
