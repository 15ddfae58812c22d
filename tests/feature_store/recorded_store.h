#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "feast/serving/ServingService.pb.h"
#include "feature_store/feature_store_options.h"

namespace tournant {

// The store that Feast made, and its registry.
inline FeatureStoreOptions RecordedStore() {
  FeatureStoreOptions options;
  options.store = absl::StrCat("sqlite:", TOURNANT_TEST_DATA_DIR, "/online_store.db");
  options.registry = absl::StrCat(TOURNANT_TEST_DATA_DIR, "/registry.db");
  return options;
}

// Asks it for one feature of a plane, "N1602" being one that is there.
inline feast::serving::GetOnlineFeaturesRequest SeatsOf(const std::string& plane) {
  feast::serving::GetOnlineFeaturesRequest request;
  request.mutable_features()->add_val("plane_facts:seats");
  (*request.mutable_entities())["tailnum"].add_val()->set_string_val(plane);
  return request;
}

}  // namespace tournant
