#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "feast/registry.h"
#include "feature_store/store_layout.h"

namespace tournant {

// How Feast lays out a Redis hash: one per entity key and project, shared by all views with these
// join keys.

// The field of a feature: 4 bytes, the hash of "view:feature".
std::string RedisFeatureField(absl::string_view view, absl::string_view feature);
// The field that holds the event time of a view's features.
std::string RedisTimeField(absl::string_view view);

// INVALID_ARGUMENT when two features that share a hash share a field too: whichever was written
// last would be read as both.
absl::Status CheckRedisFields(const FeatureRegistry& registry, const StoreLayout& layout);

}  // namespace tournant
