#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "feast/entity_key.h"
#include "feast/registry.h"

namespace tournant {

// How the process that materialized named things in the store: settings of Feast's
// feature_store.yaml, which the store itself does not tell.
struct StoreLayout {
  KeyVersion key_version = KeyVersion::kV3;
  // registry.enable_online_feature_view_versioning: a view with a version N > 0 is stored as
  // "<view>_v<N>" (Feast's compute_versioned_name).
  bool versioned_views = false;

  std::string ViewName(const RegisteredView& view, int version) const {
    if (!versioned_views || version <= 0) return view.name;
    return absl::StrCat(view.name, "_v", version);
  }
};

}  // namespace tournant
