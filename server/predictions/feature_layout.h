#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tournant {

// What of a model version's inputs is features, and where it lies. Constant.
struct FeatureLayout {
  // A column that names a feature; in the order of a record's cells.
  struct Column {
    std::string feature;       // "view:feature"
    bool age_seconds = false;  // The column holds how old the value was.
    size_t input = 0;          // Into `inputs`.
    size_t offset = 0;         // Elements before it in a row.
    size_t width = 1;          // Elements.
  };
  struct Input {
    std::string name;
    size_t width = 0;  // Elements of a row; 0: it is not assembled.
  };
  struct Key {
    std::string join_key;
    std::string request;  // The tensor of the request that holds it.
  };

  std::string feature_service;
  std::string bindings;       // Fingerprint of features.pbtxt; empty without one.
  std::vector<Input> inputs;  // In the order of the config.
  std::vector<Column> columns;
  std::vector<Key> keys;
};

}  // namespace tournant
