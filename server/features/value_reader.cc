#include "features/value_reader.h"

#include <cstdint>
#include <limits>

#include "feast/types/Value.pb.h"

namespace tournant {
namespace {

using feast::types::Value;

// A place in the answer that is being filled.
struct Cell {
  FetchedFeatures& fetched;
  size_t feature;
  size_t row;

  void Integer(int64_t value) const { fetched.SetInteger(feature, row, value); }
  void Floating(double value) const { fetched.SetFloating(feature, row, value); }
  void Text(absl::string_view value) const { fetched.SetText(feature, row, value); }
  void Unusable() const { fetched.SetUnusable(feature, row); }

  template <class Values>
  void Integers(const Values& values) const {
    fetched.BeginList(feature, row, Element::Kind::kInteger);
    for (const auto value : values) {
      fetched.AppendInteger(feature, row, static_cast<int64_t>(value));
    }
  }
  template <class Values>
  void Floatings(const Values& values) const {
    fetched.BeginList(feature, row, Element::Kind::kFloating);
    for (const auto value : values) fetched.AppendFloating(feature, row, value);
  }
  template <class Values>
  void Texts(const Values& values) const {
    fetched.BeginList(feature, row, Element::Kind::kText);
    for (const auto& value : values) fetched.AppendText(feature, row, value);
  }
};

void ReadScalar(const Value& value, const Cell& cell) {
  switch (value.val_case()) {
    case Value::kInt32Val:
      return cell.Integer(value.int32_val());
    case Value::kInt64Val:
      return cell.Integer(value.int64_val());
    case Value::kBoolVal:
      return cell.Integer(value.bool_val() ? 1 : 0);
    case Value::kUnixTimestampVal:
      return cell.Integer(value.unix_timestamp_val());
    case Value::kDoubleVal:
      return cell.Floating(value.double_val());
    case Value::kFloatVal:
      return cell.Floating(value.float_val());
    case Value::kStringVal:
      return cell.Text(value.string_val());
    case Value::kBytesVal:
      return cell.Text(value.bytes_val());
    case Value::kJsonVal:
      return cell.Text(value.json_val());
    case Value::kUuidVal:
      return cell.Text(value.uuid_val());
    case Value::kTimeUuidVal:
      return cell.Text(value.time_uuid_val());
    case Value::kDecimalVal:
      return cell.Text(value.decimal_val());
    default:
      return cell.Unusable();
  }
}

void ReadList(const Value& value, const Cell& cell) {
  switch (value.val_case()) {
    case Value::kInt32ListVal:
      return cell.Integers(value.int32_list_val().val());
    case Value::kInt64ListVal:
      return cell.Integers(value.int64_list_val().val());
    case Value::kBoolListVal:
      return cell.Integers(value.bool_list_val().val());
    case Value::kUnixTimestampListVal:
      return cell.Integers(value.unix_timestamp_list_val().val());
    case Value::kDoubleListVal:
      return cell.Floatings(value.double_list_val().val());
    case Value::kFloatListVal:
      return cell.Floatings(value.float_list_val().val());
    case Value::kStringListVal:
      return cell.Texts(value.string_list_val().val());
    case Value::kBytesListVal:
      return cell.Texts(value.bytes_list_val().val());
    case Value::kJsonListVal:
      return cell.Texts(value.json_list_val().val());
    case Value::kUuidListVal:
      return cell.Texts(value.uuid_list_val().val());
    case Value::kTimeUuidListVal:
      return cell.Texts(value.time_uuid_list_val().val());
    case Value::kDecimalListVal:
      return cell.Texts(value.decimal_list_val().val());
    default:
      return ReadScalar(value, cell);
  }
}

}  // namespace

bool ReadValue(const Value& value, size_t feature, size_t row, FetchedFeatures& fetched) {
  if (value.val_case() == Value::VAL_NOT_SET || value.val_case() == Value::kNullVal) return false;
  // What pandas' NaT becomes on its way through Feast.
  if (value.val_case() == Value::kUnixTimestampVal &&
      value.unix_timestamp_val() == std::numeric_limits<int64_t>::min()) {
    return false;
  }
  ReadList(value, {fetched, feature, row});
  return true;
}

}  // namespace tournant
