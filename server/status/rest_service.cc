#include "status/rest_service.h"

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "pipeline/request_parameters.h"
#include "status/model_metadata.h"
#include "status/request_checks.h"
#include "status/rest_answer.h"
#include "status/rest_request.h"
#include "telemetry/caller_trace.h"

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kJson[] = "application/json";
constexpr char kModels[] = "/v2/models/";

HttpResponse Error(int code, const std::string& text) {
  return {code, kJson,
          Json{{"error", text}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

HttpResponse WrongMethod(const std::string& path, const char* allowed) {
  HttpResponse response = Error(405, absl::StrCat(Quote(path), " takes ", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

bool Reads(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

HttpResponse Ready(const ModelRegistry& registry, const std::string& model,
                   const std::string& version) {
  const absl::Status found = registry.Find(model, version).status();
  if (!found.ok() && !registry.Knows(model, version)) return ErrorResponse(found);
  const Json body = {{"name", model}, {"ready", found.ok()}};
  return {found.ok() ? 200 : 503, kJson, body.dump() + "\n"};
}

// What a body that is not plain JSON is refused with.
std::optional<HttpResponse> CheckForm(const HttpRequest& request) {
  if (request.Header("Inference-Header-Content-Length")) {
    return Error(501,
                 "headers[Inference-Header-Content-Length]: tensors are sent as JSON here, "
                 "not as binary data behind it");
  }
  if (const auto coding = request.Header("Content-Encoding"); coding && *coding != "identity") {
    return Error(415, absl::StrCat("headers[Content-Encoding] is '", Quote(*coding),
                                   "'; bodies are not decompressed here"));
  }
  if (!request.body->length()) {
    return Error(411, "the body's length must be known beforehand, in Content-Length");
  }
  return std::nullopt;
}

absl::Status ReadCall(const HttpRequest& request, absl::string_view body, InferRequest& asked,
                      CallArrival& arrival) {
  if (absl::Status decoded = DecodeRestRequest(body, asked); !decoded.ok()) return decoded;
  const absl::StatusOr<std::optional<Duration>> time_left = TimeLeft(request);
  if (!time_left.ok()) return time_left.status();
  arrival.time_left = *time_left;
  const auto criticality = request.Header(kCriticalityMetadata);
  return criticality ? ReadCriticality("headers", *criticality, asked) : absl::OkStatus();
}

}  // namespace

RestService::RestService(const ModelRegistry& registry, BlockingPredictor& predictor,
                         Options options)
    : registry_(registry),
      predictor_(predictor),
      options_(options),
      room_({.calls = options.most_calls, .bytes = options.max_message_bytes}) {}

HttpServer::Routes RestService::Routes() {
  const auto server = [](const HttpRequest&) {
    return HttpResponse{200, kJson, ServerMetadataJson() + "\n"};
  };
  const auto nothing = [](const HttpRequest& request) {
    return Error(404, absl::StrCat("there is nothing at ", Quote(request.path)));
  };
  const auto model = [this](const HttpRequest& request) { return OfModel(request); };
  return {{"/v2", server}, {"/v2/*", nothing}, {"/v2/models/*", {model, /*post=*/true}}};
}

absl::StatusOr<RestService::Target> RestService::Parse(absl::string_view path) {
  std::vector<std::string> parts = absl::StrSplit(absl::StripPrefix(path, kModels), '/');
  Target target;
  target.model = parts[0];
  parts.erase(parts.begin());
  if (parts.size() >= 2 && parts[0] == "versions") {
    target.version = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
    // Empty would stand for any.
    if (target.version.empty()) parts = {"versions", ""};
  }
  if (parts.size() == 1 && (parts[0] == "infer" || parts[0] == "ready")) {
    target.action = parts[0];
    parts.clear();
  }
  if (target.model.empty() || !parts.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is nothing at ", Quote(path), "; what is: ", kModels,
                     "NAME and NAME/versions/VERSION, alone and with /ready or /infer"));
  }
  return target;
}

HttpResponse RestService::OfModel(const HttpRequest& request) {
  absl::StatusOr<Target> target = Parse(request.path);
  if (!target.ok()) return ErrorResponse(target.status());
  if (target->action == "infer") return Infer(request, *std::move(target));
  if (!Reads(request)) return WrongMethod(request.path, "GET, HEAD");
  if (target->action == "ready") return Ready(registry_, target->model, target->version);
  const absl::StatusOr<std::string> metadata =
      ModelMetadataJson(registry_, target->model, target->version);
  if (!metadata.ok()) return ErrorResponse(metadata.status());
  return {200, kJson, *metadata + "\n"};
}

HttpResponse RestService::Infer(const HttpRequest& request, Target target) {
  if (!options_.infer) {
    return Error(403, "predictions over HTTP are off: --http_infer=on turns them on");
  }
  if (request.body == nullptr) return WrongMethod(request.path, "POST");
  if (absl::Status origin = CheckOrigin(request); !origin.ok()) {
    return ErrorResponse(origin);
  }
  if (auto refused = CheckForm(request)) return *std::move(refused);
  const int64_t bytes = *request.body->length();
  if (bytes > options_.max_message_bytes) {
    const std::string why =
        absl::StrCat("the body of ", bytes,
                     " bytes is larger than --max_message_bytes=", options_.max_message_bytes);
    Refuse(request, std::move(target), Overloaded("BODY_TOO_LARGE", kNever, why));
    return Error(413, why);
  }
  auto place = std::make_shared<const WaitingRoom::Place>(room_, bytes);
  if (!place->held()) {
    const absl::Status why =
        Overloaded("HTTP_FULL", std::chrono::seconds(1),
                   absl::StrCat("too many predictions are on their way over HTTP; it takes ",
                                options_.most_calls, " at once and ", options_.max_message_bytes,
                                " bytes of them, gRPC takes many more"));
    Refuse(request, std::move(target), why);
    HttpResponse response = ErrorResponse(why);
    response.code = 503;
    return response;
  }
  HttpResponse response = Answer(request, std::move(target));
  response.held = std::move(place);
  return response;
}

HttpResponse RestService::Answer(const HttpRequest& request, Target target) {
  absl::StatusOr<std::string> body = request.body->Read(options_.max_message_bytes);
  if (!body.ok()) {
    Refuse(request, std::move(target), body.status());
    HttpResponse response = ErrorResponse(body.status());
    if (absl::IsDeadlineExceeded(body.status())) response.code = 408;
    return response;
  }
  absl::StatusOr<std::string> answer = Predict(request, std::move(target), *std::move(body));
  if (!answer.ok()) return ErrorResponse(answer.status());
  return {200, kJson, *std::move(answer)};
}

RestService::Call RestService::Begin(const HttpRequest& request, Target target) {
  Call call;
  call.asked.model = std::move(target.model);
  call.asked.version = std::move(target.version);
  call.asked.peer = [peer = request.peer] { return peer; };
  call.arrival.trace =
      ReadCallerTrace(request.Headers("traceparent"), request.Headers("tracestate"));
  return call;
}

void RestService::Refuse(const HttpRequest& request, Target target, absl::Status why) {
  auto [asked, arrival] = Begin(request, std::move(target));
  arrival.unreadable = std::move(why);
  predictor_.Predict(std::move(asked), std::move(arrival)).IgnoreError();
}

absl::StatusOr<std::string> RestService::Predict(const HttpRequest& request, Target target,
                                                 std::string body) {
  auto [asked, arrival] = Begin(request, std::move(target));
  arrival.unreadable = ReadCall(request, body, asked, arrival);
  // What the call holds while it waits, as with gRPC: its tensors, not the text that they were in.
  std::string().swap(body);
  for (const NamedTensor& input : asked.inputs) {
    asked.bytes += static_cast<int64_t>(input.tensor.bytes.size());
  }
  absl::StatusOr<std::string> text;
  const auto encode = [&](const InferAnswer& answer) {
    text = EncodeRestAnswer(answer, options_.max_message_bytes);
    return text.status();
  };
  const absl::Status ended =
      predictor_.Predict(std::move(asked), std::move(arrival), encode).status();
  if (!ended.ok()) return ended;
  return text;
}

}  // namespace tournant
