#include "status/rest_data.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "status/json_scalar.h"

namespace tournant {
namespace {

using Json = nlohmann::json;

// The data of one input while it is read.
class DataBuilder {
 public:
  DataBuilder(size_t index, Tensor& tensor)
      : path_(absl::StrCat("inputs[", index, "].data")),
        tensor_(tensor),
        expected_(ElementCount(tensor.shape).value_or(0)) {}

  absl::Status StartArray() {
    CountChild();
    if (leaf_depth_ && open_.size() == *leaf_depth_) return Uneven();
    // A nested array has a dimension of the shape at each level.
    if (open_.size() == std::max<size_t>(tensor_.shape.size(), 1)) {
      return Wrong("is nested deeper than the shape");
    }
    open_.push_back(0);
    if (sizes_.size() < open_.size()) sizes_.push_back(kUnknown);
    return absl::OkStatus();
  }

  absl::Status EndArray() {
    int64_t& size = sizes_[open_.size() - 1];
    if (size != kUnknown && size != open_.back()) return Uneven();
    size = open_.back();
    open_.pop_back();
    done_ = open_.empty();
    return absl::OkStatus();
  }

  absl::Status Add(const JsonScalar& value) {
    if (open_.empty()) return Wrong("is not an array");
    if (!leaf_depth_) leaf_depth_ = open_.size();
    if (open_.size() != *leaf_depth_ || open_.size() != sizes_.size()) return Uneven();
    CountChild();
    if (elements_ == expected_) return WrongCount("more than ");
    if (!AppendScalar(tensor_.type, value, tensor_.bytes)) {
      return InvalidField(
          absl::StrCat(path_, "[", elements_, "]"),
          absl::StrCat(ScalarText(value), " is not a value of ", DataTypeName(tensor_.type)));
    }
    ++elements_;
    return absl::OkStatus();
  }

  absl::Status Finish() const {
    if (!done_) return Wrong("is missing");
    if (elements_ != expected_) return WrongCount(absl::StrCat(elements_, " where there are "));
    if (sizes_.size() > 1 &&
        !std::equal(sizes_.begin(), sizes_.end(), tensor_.shape.begin(), tensor_.shape.end())) {
      return Wrong(absl::StrCat("has the shape ", ShapeText(sizes_), ", and `shape` says ",
                                ShapeText(tensor_.shape)));
    }
    return absl::OkStatus();
  }

  absl::Status Wrong(absl::string_view what) const {
    return InvalidField(path_, absl::StrCat(path_, " ", what));
  }

 private:
  static constexpr int64_t kUnknown = -1;

  void CountChild() {
    if (!open_.empty()) ++open_.back();
  }
  absl::Status Uneven() const { return Wrong("has arrays of uneven length or depth"); }
  absl::Status WrongCount(absl::string_view have) const {
    return Wrong(
        absl::StrCat("has ", have, expected_, " values in the shape ", ShapeText(tensor_.shape)));
  }

  const std::string path_;
  Tensor& tensor_;
  const int64_t expected_;
  int64_t elements_ = 0;
  bool done_ = false;
  std::optional<size_t> leaf_depth_;
  std::vector<int64_t> open_;   // Children so far of each array that has begun and not ended.
  std::vector<int64_t> sizes_;  // Of the arrays at each depth.
};

// Hears the events of a whole request and hands on those inside of inputs[i].data.
class DataReader final : public nlohmann::json_sax<Json> {
 public:
  explicit DataReader(std::vector<NamedTensor>& inputs) : inputs_(inputs) {}

  absl::Status status() const { return status_; }

  bool null() override { return Value(std::monostate()); }
  bool boolean(bool value) override { return Value(value); }
  bool number_integer(int64_t value) override { return Value(value); }
  bool number_unsigned(uint64_t value) override { return Value(value); }
  bool number_float(double value, const std::string&) override { return Value(value); }
  bool string(std::string& value) override { return Value(absl::string_view(value)); }
  bool binary(Json::binary_t&) override { return false; }

  bool start_object(size_t) override {
    ++depth_;
    if (builder_) return Keep(builder_->Wrong("holds an object"));
    if (depth_ == kInputDepth && in_inputs_ && next_ < inputs_.size()) {
      current_ = next_++;
    }
    return true;
  }
  bool end_object() override {
    --depth_;
    if (depth_ == kInputDepth - 1 && current_) {
      const size_t index = *std::exchange(current_, std::nullopt);
      if (!had_data_) return Keep(DataBuilder(index, inputs_[index].tensor).Finish());
      had_data_ = false;
    }
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) {
      in_inputs_ = name == "inputs";
      if (in_inputs_ && std::exchange(had_inputs_, true)) {
        return Keep(InvalidField("inputs", "inputs is given twice"));
      }
    }
    if (depth_ == kInputDepth && current_ && name == "data") {
      if (had_data_)
        return Keep(DataBuilder(*current_, inputs_[*current_].tensor).Wrong("is given twice"));
      had_data_ = true;
      builder_.emplace(*current_, inputs_[*current_].tensor);
    }
    return true;
  }
  bool start_array(size_t) override {
    ++depth_;
    return !builder_ || Keep(builder_->StartArray());
  }
  bool end_array() override {
    --depth_;
    if (!builder_) return true;
    return Keep(builder_->EndArray()) && (depth_ > kInputDepth || FinishData());
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    return Keep(absl::InvalidArgumentError(error.what()));
  }

 private:
  // Containers that are open inside of an input: the request, the list of inputs, the input.
  static constexpr int kInputDepth = 3;

  bool Value(const JsonScalar& value) { return !builder_ || Keep(builder_->Add(value)); }
  bool FinishData() {
    const absl::Status finished = builder_->Finish();
    builder_.reset();
    return Keep(finished);
  }
  bool Keep(absl::Status status) {
    status_ = std::move(status);
    return status_.ok();
  }

  std::vector<NamedTensor>& inputs_;
  absl::Status status_;
  int depth_ = 0;
  bool in_inputs_ = false;
  bool had_inputs_ = false;
  size_t next_ = 0;
  std::optional<size_t> current_;
  bool had_data_ = false;
  std::optional<DataBuilder> builder_;  // While its data is read.
};

}  // namespace

absl::Status ReadRestData(absl::string_view text, std::vector<NamedTensor>& inputs) {
  DataReader reader(inputs);
  Json::sax_parse(text.begin(), text.end(), &reader);
  return reader.status();
}

}  // namespace tournant
