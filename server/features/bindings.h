#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "features/source_location.h"
#include "models/data_type.h"

namespace tournant {

// What stands in a cell whose value cannot be used.
enum class Fill { kDefault, kNan, kLastKnown, kFail };

// Where a column's cells come from.
enum class ColumnSource {
  kRequest,     // A request tensor.
  kFeature,     // A feature's value.
  kAgeSeconds,  // How old a feature's value is.
};

// A model's features.pbtxt in plain C++, each field with its place in the file: what it says is
// checked against the model and the feature registry later, and those errors name the place, too.
struct Bindings {
  struct Request {
    SourceLocation at;
    Located<std::string> name;
    Located<DataType> data_type;
    std::vector<Located<int64_t>> dims;
    bool optional = false;
  };
  struct Entity {
    SourceLocation at;
    Located<std::string> join_key;
    Located<std::string> request;
    Located<DataType> data_type;
  };
  struct Column {
    SourceLocation at;
    ColumnSource kind = ColumnSource::kRequest;
    Located<std::string> source;
    std::vector<Located<double>> defaults;
    std::vector<Located<int64_t>> int_defaults;
    Located<std::string> string_default;
    Located<Fill> on_missing;
    Located<Fill> on_null;
    Located<Fill> on_stale;
    Located<Fill> on_error;
    Located<int64_t> max_age_us;
    Located<uint32_t> width;
    Located<std::string> vocabulary;
    Located<bool> indicator;
  };
  struct Input {
    SourceLocation at;
    Located<std::string> name;
    std::vector<Column> columns;
    bool allow_nan = false;
  };
  struct Cache {
    SourceLocation at;
    Located<int64_t> soft_age_us;
    Located<int64_t> hard_age_us;      // Never less; as long, if the file does not say.
    Located<int64_t> negative_age_us;  // 0, if the file does not say.
    Located<uint64_t> max_bytes;
  };
  struct View {
    SourceLocation at;
    Located<std::string> name;
    bool optional = false;
    std::optional<Cache> cache;
  };

  std::string file;  // Begins every error.
  std::string text;  // All of it, as it was read.
  std::vector<Request> requests;
  std::vector<Entity> entities;
  Located<std::string> feature_service;
  std::vector<Input> inputs;
  std::vector<View> views;
};

// Parses the text of a features.pbtxt. Unknown fields, fields given twice and values that make no
// sense by themselves are INVALID_ARGUMENT: one "file:line:column: ..." per line.
absl::StatusOr<Bindings> ParseBindings(absl::string_view file, absl::string_view text);

}  // namespace tournant
