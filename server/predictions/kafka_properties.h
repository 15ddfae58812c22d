#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// A property of librdkafka. Its value may be a secret: nothing here puts it into a log or an error.
struct KafkaProperty {
  std::string name;
  std::string value;
  std::string where = "";  // "FILE:LINE" where somebody has written it; for errors.
};

// Lines of "name=value", with spaces around either; empty ones and those that begin with # mean
// nothing. INVALID_ARGUMENT names file and line, never what stands there. Whether librdkafka knows
// a property is seen when it is set.
absl::StatusOr<std::vector<KafkaProperty>> ParseKafkaProperties(absl::string_view text,
                                                                absl::string_view path);
// The same of a file; the error of one that cannot be read names it.
absl::StatusOr<std::vector<KafkaProperty>> ReadKafkaProperties(const std::string& path);

}  // namespace tournant
