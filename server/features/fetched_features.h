#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "features/element.h"

namespace tournant {

// What the store said about one feature of one row.
enum class CellState : uint8_t {
  kAbsent,      // The store knows nothing of it.
  kNull,        // It is known to be null.
  kValue,       // It has a value.
  kUnusable,    // It has something that is no value for a tensor.
  kNotFetched,  // It was not asked, or did not answer: see FetchedFeatures::error().
};

// Where what is known of a cell comes from.
enum class CellOrigin : uint8_t {
  kLive,    // From the store, for this call.
  kCached,  // From a cache, within the ages that its view allows.
};

// The answer of a fetch: a cell for each feature of the plan and each row. All cells lie in one
// block, and lists and texts in one more each, so that a thousand cells cost no thousand
// allocations. Owned by the call that fetched.
class FetchedFeatures {
 public:
  static constexpr int64_t kUnknownTime = 0;

  FetchedFeatures() = default;
  // All cells absent.
  FetchedFeatures(size_t features, size_t rows)
      : features_(features), rows_(rows), cells_(features * rows) {}

  size_t features() const { return features_; }
  size_t rows() const { return rows_; }

  // Filling: a list by Begin and one Append for each element right after it. The last word counts.
  void SetNull(size_t feature, size_t row) { at(feature, row).state = CellState::kNull; }
  void SetUnusable(size_t feature, size_t row) { at(feature, row).state = CellState::kUnusable; }
  void SetNotFetched(size_t feature, size_t row) {
    at(feature, row).state = CellState::kNotFetched;
  }
  void SetInteger(size_t feature, size_t row, int64_t value);
  void SetFloating(size_t feature, size_t row, double value);
  void SetText(size_t feature, size_t row, absl::string_view value);
  void BeginList(size_t feature, size_t row, Element::Kind kind);
  void AppendInteger(size_t feature, size_t row, int64_t value);
  void AppendFloating(size_t feature, size_t row, double value);
  void AppendText(size_t feature, size_t row, absl::string_view value);
  // `event_time_us`: since 1970, kUnknownTime if the store did not say.
  void SetTime(size_t feature, size_t row, int64_t event_time_us, bool outside_max_age);
  // Whatever cell `from` has there, with its time.
  void CopyCell(size_t feature, size_t row, const FetchedFeatures& from, size_t from_feature,
                size_t from_row);
  void SetOrigin(size_t feature, size_t row, CellOrigin origin) {
    at(feature, row).origin = origin;
  }
  // Why cells are kNotFetched.
  void set_error(absl::Status error) { error_ = std::move(error); }

  // Reading.
  CellState state(size_t feature, size_t row) const { return at(feature, row).state; }
  int64_t event_time_us(size_t feature, size_t row) const { return at(feature, row).event_time_us; }
  // The store itself said that the value is past its time to live.
  bool outside_max_age(size_t feature, size_t row) const {
    return at(feature, row).outside_max_age;
  }
  // Elements of a value; 1 for a scalar. Texts stay valid as long as this object.
  size_t size(size_t feature, size_t row) const { return at(feature, row).size; }
  Element element(size_t feature, size_t row, size_t index) const;
  CellOrigin origin(size_t feature, size_t row) const { return at(feature, row).origin; }
  const absl::Status& error() const { return error_; }

  // For cells without a value, the last value that was seen, however old: cells of the same places.
  // Null when nobody asked for any, or none is known.
  const FetchedFeatures* last_known() const { return last_known_.get(); }
  FetchedFeatures& mutable_last_known() {
    if (last_known_ == nullptr) last_known_ = std::make_unique<FetchedFeatures>(features_, rows_);
    return *last_known_;
  }

  // Memory that it holds.
  size_t bytes() const;

 private:
  struct Cell {
    union {
      int64_t integer = 0;
      double floating;
      uint64_t first;  // Of a list or text: where it begins in its block.
    };
    int64_t event_time_us = kUnknownTime;
    uint32_t size = 0;
    CellState state = CellState::kAbsent;
    Element::Kind kind = Element::Kind::kInteger;
    CellOrigin origin = CellOrigin::kLive;
    bool list : 1 = false;
    bool outside_max_age : 1 = false;
  };
  struct TextPlace {
    uint64_t offset;
    uint64_t size;
  };

  Cell& at(size_t feature, size_t row) { return cells_[feature * rows_ + row]; }
  const Cell& at(size_t feature, size_t row) const { return cells_[feature * rows_ + row]; }

  size_t features_ = 0;
  size_t rows_ = 0;
  std::vector<Cell> cells_;  // Feature by feature.
  std::vector<int64_t> integers_;
  std::vector<double> floatings_;
  std::vector<TextPlace> texts_;
  std::string text_bytes_;
  absl::Status error_;
  std::unique_ptr<FetchedFeatures> last_known_;
};

}  // namespace tournant
