#include "status/rest_answer.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "predictions/element_text.h"

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json ParametersOf(const FeatureProvenance& features) {
  Json parameters = {{"features_live", features.live},
                     {"features_cached", features.cached},
                     {"features_stale", features.stale},
                     {"features_defaulted", features.defaulted},
                     {"features_from_request", features.from_request}};
  if (features.oldest_age_ms >= 0) parameters["oldest_feature_age_ms"] = features.oldest_age_ms;
  parameters["degraded"] = features.degraded;
  return parameters;
}

absl::Status TooLarge(int64_t max_bytes) {
  return Overloaded("ANSWER_TOO_LARGE", kNever,
                    absl::StrCat("the answer is larger than --max_message_bytes=", max_bytes));
}

// False when it would be larger than `max_bytes`.
bool AppendData(const Tensor& tensor, int64_t max_bytes, std::string& text) {
  const auto fits = [&] { return static_cast<int64_t>(text.size()) <= max_bytes; };
  if (tensor.type == DataType::kBytes) {
    std::vector<absl::string_view> elements;
    const int64_t count = ElementCount(tensor.shape).value_or(0);
    if (!SplitBytesElements(tensor.bytes, count, elements).ok()) return true;
    for (size_t i = 0; i < elements.size() && fits(); ++i) {
      absl::StrAppend(&text, i > 0 ? "," : "", Dump(Json(std::string(elements[i]))));
    }
    return fits();
  }
  const size_t size = ElementSize(tensor.type);
  for (size_t at = 0; at + size <= tensor.bytes.size() && fits(); at += size) {
    absl::StrAppend(&text, at > 0 ? "," : "", ElementText(tensor.type, tensor.bytes.data() + at));
  }
  return fits();
}

}  // namespace

absl::StatusOr<std::string> EncodeRestAnswer(const InferAnswer& answer, int64_t max_bytes) {
  Json head = {{"model_name", answer.model}, {"model_version", absl::StrCat(answer.version)}};
  if (!answer.id.empty()) head["id"] = answer.id;
  if (answer.has_features) head["parameters"] = ParametersOf(answer.features);
  std::string text = Dump(head);
  text.pop_back();
  text += ",\"outputs\":[";
  for (size_t i = 0; i < answer.outputs.size(); ++i) {
    const auto& [name, tensor] = answer.outputs[i];
    absl::StrAppend(&text, i > 0 ? "," : "", "{\"name\":", Dump(Json(name)), ",\"datatype\":\"",
                    DataTypeName(tensor.type), "\",\"shape\":[", absl::StrJoin(tensor.shape, ","),
                    "],\"data\":[");
    if (!AppendData(tensor, max_bytes, text)) return TooLarge(max_bytes);
    text += "]}";
  }
  text += "]}\n";
  return text;
}

int HttpCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

HttpResponse ErrorResponse(const absl::Status& status) {
  HttpResponse response;
  response.code = HttpCodeOf(status);
  response.content_type = "application/json";
  std::string text(status.message());
  const std::string field = FieldOf(status);
  if (!field.empty() && !absl::StrContains(text, field)) text = absl::StrCat(field, ": ", text);
  response.body = Dump(Json{{"error", text}}) + "\n";
  if (const std::optional<OverloadInfo> overload = OverloadOf(status)) {
    if (overload->retry_after != kNever) {
      // In whole seconds, and not before the time has come.
      const int64_t seconds = (overload->retry_after.count() + 999) / 1000;
      response.headers.emplace_back("Retry-After", absl::StrCat(std::max<int64_t>(seconds, 1)));
    }
  } else if (absl::IsUnavailable(status)) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

}  // namespace tournant
