#pragma once

#include <functional>
#include <string>
#include <vector>

#include "status/http_server.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// What the HTTP server shows:
//   /                  a page for people, which shows /status.json and keeps itself up to date
//   /openapi.json      the REST form of the protocol, which RestService serves
//   /metrics           for Prometheus
//   /status.json       {"<name>": <StatusJson of that source>, ...}
//   /v2/health/live    200 and {"live": true}, or 503 and {"live": false}
//   /v2/health/ready   the same with "ready"
// Everything named here outlives the server, and is called by its threads.
struct StatusPages {
  const MetricsRegistry* metrics = nullptr;  // Null: an empty page.
  std::vector<const StatusSource*> sources;  // Shown in this order; names differ.
  std::function<bool()> live;                // Not set: true.
  std::function<bool()> ready;
};

HttpServer::Routes StatusRoutes(StatusPages pages);

}  // namespace tournant
