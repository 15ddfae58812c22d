#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "feast/entity_key.h"
#include "feast/registry.h"
#include "feature_store/online_store.h"
#include "feature_store/store_layout.h"

namespace feast::serving {
class GetOnlineFeaturesRequest;
}

namespace tournant {

// How the entity keys of some views are made from the columns of a request.
struct KeySetPlan {
  // Stands for the implied key of a view without entities, which no request has to send.
  static constexpr size_t kImplied = static_cast<size_t>(-1);

  EntityKeyLayout layout;
  std::vector<size_t> columns;  // into ReadPlan::key_columns, in the layout's order; or kImplied
  std::string view;             // one of the views, for messages
};

// One feature column of the answer.
struct AnswerColumn {
  size_t view = 0;     // into ReadPlan::views
  size_t feature = 0;  // into that view's features
  int64_t ttl_seconds = 0;
};

// Everything about a request that does not depend on its rows: what to read, how keys are made, the
// names of the answer's columns. Immutable and shared by all requests for the same references or
// service; bound to one registry.
struct ReadPlan {
  std::vector<std::string> key_columns;  // sorted; these columns come first in the answer
  std::vector<KeySetPlan> key_sets;
  std::shared_ptr<const std::vector<ViewRead>> views;
  std::vector<AnswerColumn> features;  // in the order of the answer
  std::string metadata;                // serialized GetOnlineFeaturesResponseMetadata
  std::string metadata_with_versions;
};

// INVALID_ARGUMENT for references that make no sense, NOT_FOUND for a view or service that the
// registry lacks, FAILED_PRECONDITION for views that cannot be read here.
absl::StatusOr<std::shared_ptr<const ReadPlan>> CompileReadPlan(
    const FeatureRegistry& registry, const StoreLayout& layout,
    const feast::serving::GetOnlineFeaturesRequest& request);

}  // namespace tournant
