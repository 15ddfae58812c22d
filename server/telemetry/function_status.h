#pragma once

#include <functional>
#include <string>
#include <utility>

#include "telemetry/status_source.h"

namespace tournant {

// A status source that is a function, for what has no room of its own, such as the settings.
class FunctionStatus final : public StatusSource {
 public:
  // `json` returns one JSON value; any thread may call it.
  FunctionStatus(std::string name, std::function<std::string()> json)
      : name_(std::move(name)), json_(std::move(json)) {}

  absl::string_view status_name() const override { return name_; }
  std::string StatusJson() const override { return json_(); }

 private:
  const std::string name_;
  const std::function<std::string()> json_;
};

}  // namespace tournant
