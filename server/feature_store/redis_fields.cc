#include "feature_store/redis_fields.h"

#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "feast/murmur.h"

namespace tournant {

std::string RedisFeatureField(absl::string_view view, absl::string_view feature) {
  const uint32_t hash = Murmur3X86_32(absl::StrCat(view, ":", feature), 0);
  std::string field(4, '\0');
  for (size_t i = 0; i < field.size(); ++i) field[i] = static_cast<char>(hash >> (8 * i));
  return field;
}

std::string RedisTimeField(absl::string_view view) { return absl::StrCat("_ts:", view); }

absl::Status CheckRedisFields(const FeatureRegistry& registry, const StoreLayout& layout) {
  // By join keys and field: the first feature that has it.
  std::map<std::pair<std::string, std::string>, std::string> taken;
  for (const RegisteredView& view : registry.views()) {
    if (view.kind == ViewKind::kOnDemand || !view.online) continue;
    const std::string stored = layout.ViewName(view, view.version);
    std::string keys;
    for (const JoinKey& key : view.join_keys) {
      absl::StrAppend(&keys, key.name.size(), ":", key.name, static_cast<int>(key.type), ",");
    }
    for (const RegisteredFeature& feature : view.features) {
      const std::string name = absl::StrCat(stored, ":", feature.name);
      const auto [known, added] =
          taken.emplace(std::pair(keys, RedisFeatureField(stored, feature.name)), name);
      if (!added && known->second != name) {
        return absl::InvalidArgumentError(absl::StrCat(
            "features '", Quote(known->second), "' and '", Quote(name),
            "' have the same field in Redis, so each overwrites the other; one has to be renamed"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
