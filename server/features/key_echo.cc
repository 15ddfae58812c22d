#include "features/key_echo.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "feast/serving/ServingService.pb.h"

namespace tournant {
namespace {

using feast::serving::GetOnlineFeaturesResponse;
using feast::types::Value;

std::optional<int64_t> IntegerOf(const Value& value) {
  switch (value.val_case()) {
    case Value::kInt32Val:
      return value.int32_val();
    case Value::kInt64Val:
      return value.int64_val();
    case Value::kUnixTimestampVal:
      return value.unix_timestamp_val();
    default:
      return std::nullopt;
  }
}

std::optional<absl::string_view> TextOf(const Value& value) {
  if (value.has_string_val()) return value.string_val();
  if (value.has_bytes_val()) return value.bytes_val();
  return std::nullopt;
}

bool Differs(const KeyColumn& key, size_t row, const Value& value) {
  if (row < key.integers.size()) {
    const std::optional<int64_t> integer = IntegerOf(value);
    return integer && *integer != key.integers[row];
  }
  if (row >= key.texts.size()) return false;
  const std::optional<absl::string_view> text = TextOf(value);
  return text && *text != key.texts[row];
}

}  // namespace

absl::Status CheckKeyEcho(const FetchRequest& request, const GetOnlineFeaturesResponse& message) {
  const FetchPlan& plan = request.plan;
  const auto& names = message.metadata().feature_names().val();
  const int columns = std::min(names.size(), message.results_size());
  for (int column = 0; column < columns; ++column) {
    const auto& name = names[column];
    const auto key =
        std::find_if(plan.keys.begin(), plan.keys.end(),
                     [&name](const FetchPlan::Key& other) { return other.name == name; });
    if (key == plan.keys.end()) continue;
    const auto& values = message.results(column).values();
    if (values.size() != request.rows) continue;
    const KeyColumn& asked = request.keys[static_cast<size_t>(key - plan.keys.begin())];
    for (int row = 0; row < values.size(); ++row) {
      if (!Differs(asked, static_cast<size_t>(row), values[row])) continue;
      return absl::InternalError(absl::StrCat("the feature store answered another '", Quote(name),
                                              "' than was asked for in row ", row));
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
