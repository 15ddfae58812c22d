#pragma once

#include "feature_store/feature_store_server.h"
#include "status/http_server.h"
#include "telemetry/metrics_registry.h"

namespace tournant {

// What tournant-feature-store shows over HTTP:
//   /metrics   for Prometheus
//   /livez     200 while the event loop turns, else 503
//   /readyz    200 while it serves, 503 once it drains
// Both outlive the HTTP server.
HttpServer::Routes FeatureStoreRoutes(const MetricsRegistry& metrics, FeatureStoreServer& server);

}  // namespace tournant
