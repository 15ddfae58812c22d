#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tournant {

// Which model to check. `directory` is a model's, whose versions are those that its config chooses,
// or a version's. With a name it may also hold the files of that model's only version.
struct CheckRequest {
  std::filesystem::path directory;
  std::string model_name = {};             // Empty: that of the model's directory.
  std::filesystem::path config_json = {};  // Not empty: a file that stands in for config.pbtxt.
};

// The same as flags of tournant-server.
std::vector<std::string> CheckArguments(const CheckRequest& request);

}  // namespace tournant
