#include "features/bindings.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tournant/features.pb.h"

namespace tournant {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Tree = google::protobuf::TextFormat::ParseInfoTree;

// Tens of thousands of rows of a dozen features.
constexpr uint64_t kDefaultCacheBytes = uint64_t{64} << 20;

class SyntaxErrors final : public google::protobuf::io::ErrorCollector {
 public:
  SyntaxErrors(absl::string_view file, std::vector<absl::Status>& errors)
      : file_(file), errors_(errors) {}

  void AddError(int line, int column, const std::string& message) override {
    errors_.push_back(ErrorAt(file_, {line + 1, column + 1}, message));
  }
  // Only deprecated fields warn, and there are none.
  void AddWarning(int line, int column, const std::string& message) override {
    AddError(line, column, message);
  }

 private:
  const absl::string_view file_;
  std::vector<absl::Status>& errors_;
};

// One message of the parsed file together with its places.
class Node {
 public:
  Node(const Message& message, const Tree* tree, SourceLocation at)
      : message_(message), tree_(tree), at_(at) {}

  SourceLocation at() const { return at_; }
  // Index -1 for a field that is not repeated; nowhere when the field is not in the file.
  SourceLocation Place(const char* field, int index = -1) const {
    if (tree_ == nullptr) return {};
    const auto place = tree_->GetLocation(Find(field), index);
    return place.line < 0 ? SourceLocation{} : SourceLocation{place.line + 1, place.column + 1};
  }
  Node Child(const char* field, const Message& child, int index = -1) const {
    const Tree* tree = tree_ == nullptr ? nullptr : tree_->GetTreeForNested(Find(field), index);
    return Node(child, tree, Place(field, index));
  }
  template <class T>
  Located<T> Get(const char* field, T value) const {
    return {std::move(value), Place(field)};
  }
  template <class T, class Values>
  std::vector<Located<T>> GetAll(const char* field, const Values& values) const {
    std::vector<Located<T>> located;
    for (int i = 0; i < values.size(); ++i) {
      // Of a list in brackets only the beginning has a place.
      const SourceLocation own = Place(field, i);
      located.push_back({values[i], own.line > 0 ? own : Place(field, 0)});
    }
    return located;
  }

 private:
  const FieldDescriptor* Find(const char* field) const {
    return message_.GetDescriptor()->FindFieldByName(field);
  }

  const Message& message_;
  const Tree* const tree_;
  const SourceLocation at_;
};

// Turns the parsed message into Bindings and collects everything that is wrong with it.
class Converter {
 public:
  Converter(absl::string_view file, std::vector<absl::Status>& errors)
      : file_(file), errors_(errors) {}

  Bindings Convert(const FeatureBindings& parsed, const Tree& tree) {
    const Node root(parsed, &tree, {1, 1});
    Bindings bindings;
    bindings.file = std::string(file_);
    for (int i = 0; i < parsed.request_size(); ++i) {
      bindings.requests.push_back(
          ReadRequest(parsed.request(i), root.Child("request", parsed.request(i), i)));
    }
    for (int i = 0; i < parsed.entity_size(); ++i) {
      bindings.entities.push_back(
          ReadEntity(parsed.entity(i), root.Child("entity", parsed.entity(i), i)));
    }
    bindings.feature_service = root.Get("feature_service", parsed.feature_service());
    if (bindings.feature_service.given() && parsed.feature_service().empty()) {
      Fail(bindings.feature_service.at, "feature_service is empty");
    }
    for (int i = 0; i < parsed.input_size(); ++i) {
      bindings.inputs.push_back(
          ReadInput(parsed.input(i), root.Child("input", parsed.input(i), i)));
    }
    for (int i = 0; i < parsed.view_size(); ++i) {
      bindings.views.push_back(ReadView(parsed.view(i), root.Child("view", parsed.view(i), i)));
    }
    return bindings;
  }

 private:
  void Fail(SourceLocation at, absl::string_view text) {
    errors_.push_back(ErrorAt(file_, at, text));
  }
  void NeedName(const Node& node, const char* field, const std::string& value,
                absl::string_view what) {
    if (value.empty()) Fail(node.at(), absl::StrCat(what, " needs a ", field));
  }

  Bindings::Request ReadRequest(const FeatureBindings::Request& parsed, const Node& node) {
    Bindings::Request request;
    request.at = node.at();
    request.name = node.Get("name", parsed.name());
    request.data_type = node.Get("data_type", static_cast<DataType>(parsed.data_type()));
    request.dims = node.GetAll<int64_t>("dims", parsed.dims());
    request.optional = parsed.optional();
    NeedName(node, "name", parsed.name(), "request");
    if (request.data_type.value == DataType::kInvalid) {
      Fail(node.at(), absl::StrCat("request '", Quote(parsed.name()), "' needs a data_type"));
    }
    for (const Located<int64_t>& dim : request.dims) {
      if (dim.value > 0 && dim.value <= std::numeric_limits<int32_t>::max()) continue;
      Fail(dim.at, absl::StrCat("dims of request '", Quote(parsed.name()),
                                "' must be sizes from 1, not ", dim.value));
    }
    return request;
  }

  Bindings::Entity ReadEntity(const FeatureBindings::Entity& parsed, const Node& node) {
    Bindings::Entity entity;
    entity.at = node.at();
    entity.join_key = node.Get("join_key", parsed.join_key());
    entity.request = node.Get("request", parsed.request());
    entity.data_type = node.Get("data_type", static_cast<DataType>(parsed.data_type()));
    NeedName(node, "join_key", parsed.join_key(), "entity");
    NeedName(node, "request", parsed.request(), "entity");
    return entity;
  }

  Bindings::Input ReadInput(const FeatureBindings::Input& parsed, const Node& node) {
    Bindings::Input input;
    input.at = node.at();
    input.name = node.Get("name", parsed.name());
    input.allow_nan = parsed.allow_nan();
    NeedName(node, "name", parsed.name(), "input");
    if (parsed.column_size() == 0) {
      Fail(node.at(), absl::StrCat("input '", Quote(parsed.name()),
                                   "' has no column; leave it out to take it from the request"));
    }
    for (int i = 0; i < parsed.column_size(); ++i) {
      input.columns.push_back(
          ReadColumn(parsed.column(i), node.Child("column", parsed.column(i), i)));
    }
    return input;
  }

  Bindings::Column ReadColumn(const FeatureBindings::Column& parsed, const Node& node) {
    Bindings::Column column;
    column.at = node.at();
    ReadSource(parsed, node, column);
    column.defaults = node.GetAll<double>("default", parsed.default_());
    column.int_defaults = node.GetAll<int64_t>("default_int", parsed.default_int());
    column.string_default = node.Get("default_string", parsed.default_string());
    column.on_missing = ReadFill("on_missing", parsed.on_missing(), node);
    column.on_null = ReadFill("on_null", parsed.on_null(), node);
    column.on_stale = ReadFill("on_stale", parsed.on_stale(), node);
    column.on_error = ReadFill("on_error", parsed.on_error(), node);
    if (parsed.has_max_age()) column.max_age_us = ReadAge("max_age", parsed.max_age(), node);
    column.width = node.Get("width", parsed.width());
    column.vocabulary = node.Get("vocabulary", parsed.vocabulary());
    column.indicator = node.Get("indicator", parsed.indicator());
    if (column.vocabulary.given() && parsed.vocabulary().empty()) {
      Fail(column.vocabulary.at, "vocabulary is empty, it must name a file");
    }
    return column;
  }

  void ReadSource(const FeatureBindings::Column& parsed, const Node& node,
                  Bindings::Column& column) {
    switch (parsed.source_case()) {
      case FeatureBindings::Column::kRequest:
        column.kind = ColumnSource::kRequest;
        column.source = node.Get("request", parsed.request());
        break;
      case FeatureBindings::Column::kFeature:
        column.kind = ColumnSource::kFeature;
        column.source = node.Get("feature", parsed.feature());
        break;
      case FeatureBindings::Column::kAgeSeconds:
        column.kind = ColumnSource::kAgeSeconds;
        column.source = node.Get("age_seconds", parsed.age_seconds());
        break;
      case FeatureBindings::Column::SOURCE_NOT_SET:
        Fail(node.at(), "column needs one of request, feature and age_seconds");
        return;
    }
    const std::string& source = column.source.value;
    if (column.kind == ColumnSource::kRequest) {
      if (source.empty()) Fail(column.source.at, "request is empty");
      return;
    }
    const size_t colon = source.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == source.size()) {
      Fail(column.source.at,
           absl::StrCat("'", Quote(source), "' is no feature: it must be \"view:feature\""));
    }
  }

  Located<Fill> ReadFill(const char* field, FeatureBindings::Column::Fill fill, const Node& node) {
    Fill plain = Fill::kDefault;
    switch (fill) {
      case FeatureBindings::Column::AS_NAN:
        plain = Fill::kNan;
        break;
      case FeatureBindings::Column::FAIL:
        plain = Fill::kFail;
        break;
      case FeatureBindings::Column::LAST_KNOWN:
        plain = Fill::kLastKnown;
        break;
      default:
        break;
    }
    return node.Get(field, plain);
  }

  Located<int64_t> ReadAge(const char* field, const google::protobuf::Duration& age,
                           const Node& node) {
    // What int64 microseconds can hold, and longer than anything was ever stored.
    constexpr int64_t kMaxSeconds = int64_t{1} << 40;
    const SourceLocation at = node.Place(field);
    const int64_t seconds = age.seconds();
    const int32_t nanos = age.nanos();
    if (seconds < 0 || nanos < 0 || nanos > 999'999'999 || seconds > kMaxSeconds ||
        (seconds == 0 && nanos < 1000)) {
      Fail(at, absl::StrCat(field, " must be a positive duration"));
      return {1, at};
    }
    return {seconds * 1'000'000 + nanos / 1000, at};
  }

  Bindings::View ReadView(const FeatureBindings::View& parsed, const Node& node) {
    Bindings::View view;
    view.at = node.at();
    view.name = node.Get("name", parsed.name());
    view.optional = parsed.optional();
    NeedName(node, "name", parsed.name(), "view");
    if (parsed.has_cache()) {
      view.cache = ReadCache(parsed.name(), parsed.cache(), node.Child("cache", parsed.cache()));
    } else if (node.Place("optional").line == 0) {
      Fail(node.at(), absl::StrCat("view '", Quote(parsed.name()), "' sets nothing"));
    }
    return view;
  }

  Bindings::Cache ReadCache(const std::string& view, const FeatureBindings::Cache& parsed,
                            const Node& node) {
    Bindings::Cache cache;
    cache.at = node.at();
    if (parsed.has_soft_age()) {
      cache.soft_age_us = ReadAge("soft_age", parsed.soft_age(), node);
    } else {
      Fail(node.at(), absl::StrCat("cache of view '", Quote(view), "' needs a soft_age"));
    }
    cache.hard_age_us = {cache.soft_age_us.value, {}};
    if (parsed.has_hard_age()) {
      cache.hard_age_us = ReadAge("hard_age", parsed.hard_age(), node);
      if (cache.hard_age_us.value < cache.soft_age_us.value) {
        Fail(cache.hard_age_us.at, "hard_age must not be less than soft_age");
      }
    }
    if (parsed.has_negative_age()) {
      cache.negative_age_us = ReadAge("negative_age", parsed.negative_age(), node);
    }
    cache.max_bytes = node.Get("max_bytes", parsed.max_bytes());
    if (!cache.max_bytes.given()) {
      cache.max_bytes.value = kDefaultCacheBytes;
    } else if (cache.max_bytes.value == 0) {
      Fail(cache.max_bytes.at, "max_bytes must not be 0");
    }
    return cache;
  }

  const absl::string_view file_;
  std::vector<absl::Status>& errors_;
};

}  // namespace

absl::StatusOr<Bindings> ParseBindings(absl::string_view file, absl::string_view text) {
  std::vector<absl::Status> errors;
  SyntaxErrors collector(file, errors);
  Tree tree;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&tree);
  FeatureBindings parsed;
  if (!parser.ParseFromString(std::string(text), &parsed)) {
    if (errors.empty()) errors.push_back(ErrorAt(file, {1, 1}, "is no text protobuf"));
    return JoinErrors(errors);
  }
  Bindings bindings = Converter(file, errors).Convert(parsed, tree);
  if (!errors.empty()) return JoinErrors(errors);
  bindings.text = std::string(text);
  return bindings;
}

}  // namespace tournant
