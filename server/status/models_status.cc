#include "status/models_status.h"

#include <nlohmann/json.hpp>

namespace tournant {

std::string ModelsStatus::StatusJson() const {
  nlohmann::json models = nlohmann::json::array();
  for (const VersionStatus& status : registry_.List()) {
    models.push_back({{"model", status.model},
                      {"version", status.version},
                      {"state", std::string(VersionStateName(status.state))},
                      {"reason", status.reason}});
  }
  return models.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tournant
