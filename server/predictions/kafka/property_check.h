#pragma once

#include <vector>

#include "absl/status/status.h"
#include "predictions/kafka_properties.h"

namespace tournant {

// INVALID_ARGUMENT for a property with which a KafkaStore could not keep what the log promises,
// with where it stands, without its value. What librdkafka makes of the others is its own affair.
absl::Status CheckKafkaProperties(const std::vector<KafkaProperty>& properties);

}  // namespace tournant
