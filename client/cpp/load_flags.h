#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cpp/load_settings.h"

namespace tournant::client {

// What `tournant load-test` takes about the load, with the connection's flags and --model_version.
std::vector<std::string> WithLoadFlags(std::vector<std::string> flags);

// What these flags say; nothing about the inputs. INVALID_ARGUMENT names the flag that is wrong.
absl::StatusOr<LoadSettings> LoadSettingsFromFlags(const std::string& model);

}  // namespace tournant::client
