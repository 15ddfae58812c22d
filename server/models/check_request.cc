#include "models/check_request.h"

#include "absl/strings/str_cat.h"

namespace tournant {

std::vector<std::string> CheckArguments(const CheckRequest& request) {
  std::vector<std::string> arguments = {absl::StrCat("--check_model=", request.directory.native())};
  if (!request.model_name.empty()) {
    arguments.push_back(absl::StrCat("--model_name=", request.model_name));
  }
  if (!request.config_json.empty()) {
    arguments.push_back(absl::StrCat("--check_config=", request.config_json.native()));
  }
  return arguments;
}

}  // namespace tournant
