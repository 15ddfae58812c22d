#include "status/status_pages.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "status/embedded_page.h"

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kJson[] = "application/json";

HttpResponse Metrics(const StatusPages& pages) {
  return {200, "text/plain; version=0.0.4; charset=utf-8",
          pages.metrics == nullptr ? "" : pages.metrics->Text()};
}

HttpResponse Status(const StatusPages& pages) {
  Json status = Json::object();
  for (const StatusSource* source : pages.sources) {
    // A source that does not write JSON must not hide the others.
    Json value = Json::parse(source->StatusJson(), nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded()) value = {{"error", "this part of the status is not valid JSON"}};
    status[std::string(source->status_name())] = std::move(value);
  }
  return {200, kJson, status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

HttpResponse Health(const char* what, const std::function<bool()>& check) {
  const bool good = !check || check();
  return {good ? 200 : 503, kJson, Json{{what, good}}.dump() + "\n"};
}

// The page's own style and script, and this server for data: nothing else is loaded or run,
// whatever names of models and callers it shows.
std::string ContentSecurityPolicy() {
  const auto hash = [](const char* hex) {
    return absl::StrCat("'sha256-", absl::Base64Escape(absl::HexStringToBytes(hex)), "'");
  };
  return absl::StrCat("default-src 'none'; style-src ", hash(kPageStyleHash), "; script-src ",
                      hash(kPageScriptHash),
                      "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'");
}

HttpResponse Page() {
  return {
      200,
      "text/html; charset=utf-8",
      kPageHtml,
      {{"Content-Security-Policy", ContentSecurityPolicy()}, {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace

HttpServer::Routes StatusRoutes(StatusPages pages) {
  const auto shared = std::make_shared<const StatusPages>(std::move(pages));
  return {
      {"/", [](const HttpRequest&) { return Page(); }},
      {"/openapi.json", [](const HttpRequest&) { return HttpResponse{200, kJson, kOpenApi}; }},
      {"/metrics", [shared](const HttpRequest&) { return Metrics(*shared); }},
      {"/status.json", [shared](const HttpRequest&) { return Status(*shared); }},
      {"/v2/health/live", [shared](const HttpRequest&) { return Health("live", shared->live); }},
      {"/v2/health/ready", [shared](const HttpRequest&) { return Health("ready", shared->ready); }},
  };
}

}  // namespace tournant
