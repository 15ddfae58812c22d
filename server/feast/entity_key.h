#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "feast/registry.h"

namespace feast::types {
class Value;
}

namespace tournant {

// Feast's `entity_key_serialization_version`: how a store's keys were written.
enum class KeyVersion {
  kV1,  // the default until Feast 0.49; int64 in four bytes
  kV2,
  kV3,        // since 0.44; the default since 0.50
  kV3Legacy,  // what 0.40 to 0.43 called version 3: without the count of keys
};

// "1", "2", "3", "3-legacy".
absl::StatusOr<KeyVersion> ParseKeyVersion(absl::string_view text);
absl::string_view KeyVersionName(KeyVersion version);

// Writes the stored key of entity rows of one view. Everything but the values is the same for all
// rows and made once. Immutable, so any thread may use it.
class EntityKeyLayout {
 public:
  // `join_keys` in any order; they are sorted by their UTF-8 bytes, as Feast sorts them.
  EntityKeyLayout(KeyVersion version, std::vector<JoinKey> join_keys);

  // Sorted: the order in which Append takes the values.
  const std::vector<JoinKey>& join_keys() const { return join_keys_; }

  // Appends the key to `out`. An int32 or int64 is written in the width of the registry's type when
  // it fits. Other types are written as they come: another type is another key, which no store
  // holds. INVALID_ARGUMENT names the join key when the value can be no key at all (null, floating,
  // boolean, list); OUT_OF_RANGE when the version cannot express it, so that no store can hold it.
  absl::Status Append(absl::Span<const feast::types::Value* const> values, std::string* out) const;

 private:
  const KeyVersion version_;
  const std::vector<JoinKey> join_keys_;
  const std::string prefix_;  // the count and the names
};

}  // namespace tournant
