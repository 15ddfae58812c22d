#include "feature_store/answer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "feast/serving/ServingService.pb.h"
#include "feast/value_bytes.h"

namespace tournant {
namespace {

namespace serving = feast::serving;
using serving::GetOnlineFeaturesResponse;
using FeatureVector = GetOnlineFeaturesResponse::FeatureVector;

void AppendVarint(uint64_t number, std::string* out) {
  while (number >= 0x80) {
    out->push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out->push_back(static_cast<char>(number));
}

// Field numbers here are all below 16, so tags are one byte.
constexpr char LengthTag(int field) { return static_cast<char>(field << 3 | 2); }

void AppendField(int field, absl::string_view payload, std::string* out) {
  out->push_back(LengthTag(field));
  AppendVarint(payload.size(), out);
  out->append(payload.data(), payload.size());
}

void AppendEventTime(int64_t seconds, int32_t nanos, std::string* out) {
  std::string time;  // at most 22 bytes
  if (seconds != 0) {
    time.push_back(1 << 3);
    AppendVarint(static_cast<uint64_t>(seconds), &time);
  }
  if (nanos != 0) {
    time.push_back(2 << 3);
    AppendVarint(static_cast<uint64_t>(nanos), &time);
  }
  AppendField(FeatureVector::kEventTimestampsFieldNumber, time, out);
}

// One column under construction; reused from column to column.
class VectorEncoder {
 public:
  void Add(absl::string_view value, serving::FieldStatus status, int64_t seconds, int32_t nanos) {
    AppendField(FeatureVector::kValuesFieldNumber, value, &values_);
    statuses_.push_back(static_cast<char>(status));
    AppendEventTime(seconds, nanos, &times_);
  }

  size_t size() const { return values_.size() + statuses_.size() + times_.size(); }

  void FlushTo(std::string* out) {
    std::string statuses;
    if (!statuses_.empty()) {
      AppendField(FeatureVector::kStatusesFieldNumber, statuses_, &statuses);
    }
    out->push_back(LengthTag(GetOnlineFeaturesResponse::kResultsFieldNumber));
    AppendVarint(values_.size() + statuses.size() + times_.size(), out);
    out->append(values_).append(statuses).append(times_);
    values_.clear();
    statuses_.clear();
    times_.clear();
  }

 private:
  std::string values_;
  std::string statuses_;
  std::string times_;
};

serving::FieldStatus AddStored(const StoredCell& cell, absl::string_view value, int64_t ttl_seconds,
                               int64_t now_seconds, VectorEncoder& column) {
  serving::FieldStatus status = serving::PRESENT;
  switch (PeekValue(value).kind) {
    case StoredValue::kNull:
      status = serving::NULL_VALUE;
      break;
    case StoredValue::kDamaged:
      // Sent on, these bytes would make the whole answer unreadable.
      value = {};
      status = serving::INVALID;
      break;
    case StoredValue::kValue:
      // 1970 stands for a time that could not be read: nothing is known of the age.
      if (ttl_seconds > 0 && cell.event_seconds != 0 &&
          now_seconds - cell.event_seconds > ttl_seconds) {
        status = serving::OUTSIDE_MAX_AGE;
      }
      break;
  }
  column.Add(value, status, cell.event_seconds, cell.event_nanos);
  return status;
}

absl::Status TooLarge(size_t max_bytes) {
  return absl::OutOfRangeError(
      absl::StrCat("the answer would be larger than ", max_bytes, " bytes"));
}

}  // namespace

absl::StatusOr<std::string> EncodeAnswer(const ReadPlan& plan, const RequestRows& request,
                                         const OnlineRows& stored, int64_t now_seconds,
                                         bool with_versions, size_t max_bytes,
                                         StatusCounts& cells) {
  std::string answer;
  // A cell is 20 bytes or so besides its value.
  answer.reserve(stored.bytes.size() + plan.metadata.size() +
                 request.count * (plan.features.size() + plan.key_columns.size()) * 24 + 256);
  AppendField(GetOnlineFeaturesResponse::kMetadataFieldNumber,
              with_versions ? plan.metadata_with_versions : plan.metadata, &answer);

  VectorEncoder column;
  const auto too_large = [&] { return answer.size() + column.size() > max_bytes; };
  std::string key;
  for (const feast::types::RepeatedValue* values : request.key_columns) {
    for (const feast::types::Value& value : values->val()) {
      value.SerializeToString(&key);
      column.Add(key, serving::PRESENT, 0, 0);
      if (too_large()) return TooLarge(max_bytes);
    }
    column.FlushTo(&answer);
  }
  for (const AnswerColumn& feature : plan.features) {
    const ViewRead& view = (*plan.views)[feature.view];
    const std::vector<StoredCell>& stored_cells = stored.views[feature.view];
    const std::vector<size_t>& key_of_row = request.key_of_row[view.key_set];
    for (size_t row = 0; row < request.count; ++row) {
      const size_t k = key_of_row[row];
      static constexpr StoredCell kAbsent;
      const StoredCell& cell = k == RequestRows::kNoKey
                                   ? kAbsent
                                   : stored_cells[k * view.features.size() + feature.feature];
      if (!cell.present) {
        const serving::FieldStatus status = cell.unreadable ? serving::INVALID : serving::NOT_FOUND;
        column.Add({}, status, 0, 0);
        ++cells[status];
        continue;
      }
      ++cells[AddStored(cell, stored.Value(cell), feature.ttl_seconds, now_seconds, column)];
      if (too_large()) return TooLarge(max_bytes);
    }
    column.FlushTo(&answer);
  }
  return answer;
}

}  // namespace tournant
