#include "absl/strings/str_cat.h"
#include "cpp/json_codec.h"
#include "cpp/load_report.h"

namespace tournant::client {
namespace {

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

double Milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

Json LatencyJson(const LatencyHistogram& latencies) {
  return {{"count", latencies.count()},
          {"min", Milliseconds(latencies.min())},
          {"mean", Milliseconds(latencies.mean())},
          {"p50", Milliseconds(latencies.Percentile(0.5))},
          {"p90", Milliseconds(latencies.Percentile(0.9))},
          {"p99", Milliseconds(latencies.Percentile(0.99))},
          {"p99.9", Milliseconds(latencies.Percentile(0.999))},
          {"max", Milliseconds(latencies.max())}};
}

void AddCounts(Json& json, const ClassCounts& counts, Duration measured) {
  json["offered"] = counts.offered;
  json["sent"] = counts.sent;
  json["unsent"] = counts.unsent();
  json["unsent_in_flight"] = counts.unsent_in_flight;
  json["unsent_expired"] = counts.unsent_expired;
  json["ok"] = counts.ok;
  json["in_time"] = counts.in_time;
  json["failed"] = counts.failed();
  json["rejected"] = counts.rejected();
  json["errors"] = Json::object();
  for (const auto& [code, calls] : counts.errors) {
    json["errors"][absl::StatusCodeToString(code)] = calls;
  }
  const auto rate = [measured](int64_t count) {
    return measured > Duration(0) ? static_cast<double>(count) / Seconds(measured) : 0;
  };
  json["per_second"] = {{"offered", rate(counts.offered)},
                        {"sent", rate(counts.sent)},
                        {"ok", rate(counts.ok)},
                        {"goodput", rate(counts.in_time)}};
  json["latency_ms"] = {{"ok", LatencyJson(counts.ok_latency)},
                        {"rejected", LatencyJson(counts.rejected_latency)}};
}

Json SettingsJson(const LoadSettings& settings) {
  Json json;
  json["server"] = settings.server;
  json["model_version"] = settings.version;
  json["inputs"] = settings.inputs;
  json["random_inputs"] = settings.random_inputs;
  json["request_bytes"] = settings.request_bytes;
  if (settings.open_loop()) {
    json["loop"] = "open";
    json["rate"] = settings.calls_per_s;
    json["arrivals"] = settings.arrivals == Arrivals::kPoisson ? "poisson" : "constant";
    json["max_in_flight"] = settings.max_in_flight;
  } else {
    json["loop"] = "closed";
    json["concurrency"] = settings.concurrency;
  }
  json["duration_s"] = Seconds(settings.duration);
  json["warm_up_s"] = Seconds(settings.warm_up);
  json["seed"] = settings.seed;
  json["channels"] = settings.channels;
  json["threads"] = settings.threads;
  json["retries"] = settings.retries;
  return json;
}

}  // namespace

std::string LoadReportJson(const LoadSettings& settings, const LoadCounts& counts) {
  Json json;
  json["model"] = settings.model;
  json["settings"] = SettingsJson(settings);
  json["interrupted"] = counts.interrupted;
  json["seconds"] = Seconds(counts.measured);
  AddCounts(json, counts.Total(), counts.measured);
  json["first_errors"] = Json::object();
  for (const auto& [code, message] : counts.first_errors) {
    json["first_errors"][absl::StatusCodeToString(code)] = message;
  }
  json["classes"] = Json::array();
  for (size_t i = 0; i < settings.classes.size(); ++i) {
    const CallClass& one = settings.classes[i];
    Json entry = {{"class", one.criticality.empty() ? Json() : Json(one.criticality)},
                  {"share", one.share},
                  {"deadline_ms", one.deadline.count()}};
    AddCounts(entry, counts.classes[i], counts.measured);
    json["classes"].push_back(std::move(entry));
  }
  const GeneratorCounts& generator = counts.generator;
  json["generator"] = {
      {"kept_up", KeptUp(settings, counts)}, {"threads", generator.threads},
      {"busy_cores", generator.BusyCores()}, {"late", generator.late},
      {"late_share", generator.LateShare()}, {"send_lag_ms", LatencyJson(generator.send_lag)}};
  json["warnings"] = LoadWarnings(settings, counts);
  return WriteJson(json, true) + "\n";
}

}  // namespace tournant::client
