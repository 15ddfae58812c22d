#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "feast/value_type.h"
#include "features/cache_ages.h"

namespace tournant {

class ViewCache;
class ViewCellCounters;

// What a model version asks the feature store for: everything that is the same for all of its
// calls. Constant after Index().
struct FetchPlan {
  struct Feature {
    std::string ref;           // "view:feature"
    std::vector<size_t> keys;  // Indexes into `keys`: what finding it needs.
    size_t view = 0;           // Into `views`; set by Index.
    // The least of its columns: older values are stale. None: whatever the store thinks.
    std::optional<int64_t> max_age_us = std::nullopt;
  };
  struct Key {
    std::string name;  // As the store's request calls it.
    ValueType type = ValueType::kInvalid;
    // The request tensor with the values, an index into the plan's request tensors; none: the
    // empty string in each row, which is the key of a view without entities.
    std::optional<size_t> request;
  };

  struct View {
    std::string name;              // As refs name it.
    std::vector<size_t> features;  // Of the plan, ascending.
    // What its rows differ by, ascending: no more than what its features need, and with a feature
    // service less, since that is fetched as a whole.
    std::vector<size_t> keys;
    bool optional = false;                              // Left out in a brown-out.
    std::shared_ptr<ViewCache> cache = nullptr;         // Null: not cached.
    std::shared_ptr<ViewCellCounters> cells = nullptr;  // Null: not counted.
    CacheAges ages = {};
    bool keeps_last_known = false;  // Some column is filled with the last value that was seen.
  };

  std::string feature_service;    // Empty: ask by refs.
  std::vector<Feature> features;  // Sorted by ref.
  std::vector<Key> keys;          // Sorted by name.
  std::vector<View> views;        // Made by Index, completed by whoever knows more of them.

  bool empty() const { return features.empty(); }
  // Some view has a cache.
  bool cached() const {
    return std::any_of(views.begin(), views.end(),
                       [](const View& view) { return view.cache != nullptr; });
  }

  // Makes Find work, and the views; once, when features and keys are complete.
  void Index();
  // The feature that a result column belongs to, in each of the three styles in which servers name
  // them: "view:feature", "view__feature" and, where it is unmistakable, "feature". Key columns and
  // what was not asked for belong to none.
  std::optional<size_t> FindByFullName(absl::string_view column) const;
  std::optional<size_t> FindByShortName(absl::string_view column) const;

 private:
  absl::flat_hash_map<std::string, size_t> by_full_name_;
  absl::flat_hash_map<std::string, size_t> by_short_name_;
};

}  // namespace tournant
