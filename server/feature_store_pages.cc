#include "feature_store_pages.h"

#include <chrono>

namespace tournant {
namespace {

// As long as a probe waits by default.
constexpr std::chrono::seconds kPatience{1};

HttpResponse Health(bool good, const char* otherwise) {
  if (good) return {.body = "ok\n"};
  return {.code = 503, .body = otherwise};
}

}  // namespace

HttpServer::Routes FeatureStoreRoutes(const MetricsRegistry& metrics, FeatureStoreServer& server) {
  return {
      {"/metrics",
       [&metrics](const HttpRequest&) {
         return HttpResponse{200, "text/plain; version=0.0.4; charset=utf-8", metrics.Text()};
       }},
      {"/livez",
       [&server](const HttpRequest&) {
         return Health(server.Live(kPatience), "the event loop does not answer\n");
       }},
      {"/readyz", [&server](const HttpRequest&) { return Health(server.Ready(), "it drains\n"); }},
  };
}

}  // namespace tournant
