#include "features/fetch_plan.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

std::optional<size_t> Lookup(const absl::flat_hash_map<std::string, size_t>& map,
                             absl::string_view name) {
  const auto found = map.find(name);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

void FetchPlan::Index() {
  absl::flat_hash_set<std::string> ambiguous;
  for (const Key& key : keys) ambiguous.insert(key.name);
  for (size_t i = 0; i < features.size(); ++i) {
    const absl::string_view ref = features[i].ref;
    const size_t colon = ref.find(':');
    const absl::string_view view = ref.substr(0, colon);
    if (views.empty() || views.back().name != view) {
      // Sorted by ref, features of a view follow each other.
      views.push_back({std::string(view), {}, features[i].keys});
    }
    features[i].view = views.size() - 1;
    views.back().features.push_back(i);
    const std::string name(ref.substr(colon + 1));
    by_full_name_.emplace(ref, i);
    by_full_name_.emplace(absl::StrCat(view, "__", name), i);
    if (ambiguous.contains(name)) {
      by_short_name_.erase(name);
    } else if (!by_short_name_.emplace(name, i).second) {
      by_short_name_.erase(name);
      ambiguous.insert(name);
    }
  }
}

std::optional<size_t> FetchPlan::FindByFullName(absl::string_view column) const {
  return Lookup(by_full_name_, column);
}

std::optional<size_t> FetchPlan::FindByShortName(absl::string_view column) const {
  return Lookup(by_short_name_, column);
}

}  // namespace tournant
