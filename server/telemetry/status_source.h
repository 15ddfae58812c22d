#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace tournant {

// What a room shows on the status page and in /status.json. Owned by its room and outlived by it:
// the HTTP server ends first. Any thread.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  // The key in /status.json; constant.
  virtual absl::string_view status_name() const = 0;
  // One JSON value, usually an object.
  virtual std::string StatusJson() const = 0;
};

}  // namespace tournant
