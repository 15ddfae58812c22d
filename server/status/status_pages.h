#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "status/http_server.h"
#include "telemetry/metrics_registry.h"
#include "telemetry/status_source.h"

namespace tournant {

// What the HTTP server shows:
//   /                  a page for people: links, and the calls by phase
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
  // Phase and number of calls, such as CallStats::ByPhase; may be left out.
  std::function<std::vector<std::pair<absl::string_view, int64_t>>()> calls_by_phase;
};

HttpServer::Routes StatusRoutes(StatusPages pages);

}  // namespace tournant
