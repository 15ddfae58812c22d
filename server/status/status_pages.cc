#include "status/status_pages.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kJson[] = "application/json";

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

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

HttpResponse Page(const StatusPages& pages) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tournant</title>\n"
      "<style>body{font-family:sans-serif;margin:2em;max-width:40em}td{padding:.2em 1em .2em 0}"
      "td+td{text-align:right}</style></head><body>\n<h1>Tournant</h1>\n<ul>";
  for (const char* path : {"/status.json", "/metrics", "/v2/health/live", "/v2/health/ready"}) {
    absl::StrAppend(&html, "<li><a href=\"", path, "\">", path, "</a></li>");
  }
  html += "</ul>\n";
  if (pages.calls_by_phase) {
    html += "<h2>Calls by phase</h2>\n<table>\n";
    for (const auto& [phase, count] : pages.calls_by_phase()) {
      absl::StrAppend(&html, "<tr><td>", Escape(phase), "</td><td>", count, "</td></tr>\n");
    }
    html += "</table>\n";
  }
  return {200, "text/html; charset=utf-8", html + "</body></html>\n"};
}

}  // namespace

HttpServer::Routes StatusRoutes(StatusPages pages) {
  const auto shared = std::make_shared<const StatusPages>(std::move(pages));
  return {
      {"/", [shared](const HttpRequest&) { return Page(*shared); }},
      {"/metrics", [shared](const HttpRequest&) { return Metrics(*shared); }},
      {"/status.json", [shared](const HttpRequest&) { return Status(*shared); }},
      {"/v2/health/live", [shared](const HttpRequest&) { return Health("live", shared->live); }},
      {"/v2/health/ready", [shared](const HttpRequest&) { return Health("ready", shared->ready); }},
  };
}

}  // namespace tournant
