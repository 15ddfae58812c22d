#include "status/models_status.h"

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "inference/model_queue.h"
#include "inference/version_statistics.h"

namespace tournant {
namespace {

using Json = nlohmann::ordered_json;

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

void AddServed(const ModelVersion& version, Json& entry) {
  entry["platform"] = version.config.platform;
  entry["max_batch_size"] = version.config.max_batch_size;
  entry["with_features"] = version.features != nullptr;
  entry["load_seconds"] = Seconds(version.load_time);
  entry["warm_up_seconds"] = Seconds(version.warm_up_time);
  if (version.queue == nullptr) return;
  const VersionStatistics::Totals totals = version.queue->statistics().Read();
  entry["calls"] = {{"ok", totals.success.count},
                    {"failed", totals.fail.count},
                    {"ok_seconds", Seconds(totals.success.time)}};
  // In the order of CallFailure.
  constexpr std::array<const char*, kCallFailures> kReasons = {"rejected", "canceled", "backend",
                                                               "other"};
  for (size_t i = 0; i < kCallFailures; ++i) {
    entry["calls"]["failures"][kReasons[i]] = totals.failures[i];
  }
  entry["rows"] = totals.rows;
  entry["executions"] = totals.executions;
  entry["queued_seconds"] = Seconds(totals.queued);
  Json batches = Json::object();
  for (const auto& [rows, size] : totals.batches) batches[absl::StrCat(rows)] = size.executions;
  entry["batches"] = std::move(batches);
}

}  // namespace

std::string ModelsStatus::StatusJson() const {
  const std::vector<ModelHandle> serving = registry_.Serving();
  Json models = Json::array();
  for (const VersionStatus& status : registry_.List()) {
    Json& entry = models.emplace_back();
    entry = {{"model", status.model},
             {"version", status.version},
             {"state", std::string(VersionStateName(status.state))},
             {"reason", status.reason}};
    for (const ModelHandle& version : serving) {
      if (version->name == status.model && version->version == status.version) {
        AddServed(*version, entry);
      }
    }
  }
  return models.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tournant
