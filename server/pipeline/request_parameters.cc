#include "pipeline/request_parameters.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "admission/criticality.h"
#include "base/status.h"

namespace tournant {
namespace {

// A day is longer than any deadline that is honoured, and far from where nanoseconds overflow.
constexpr int64_t kMaxTimeoutUs = int64_t{24} * 3600 * 1'000'000;

struct AsksForSomething {
  bool operator()(std::monostate) const { return false; }
  bool operator()(const std::string& text) const { return !text.empty(); }
  template <class T>
  bool operator()(T value) const {
    return value != 0;
  }
};

absl::Status InvalidParameter(absl::string_view name, absl::string_view message) {
  return InvalidEntry("parameters", name, message);
}

// Clients send integers as either type, whatever the documents say.
absl::StatusOr<int64_t> ReadCount(absl::string_view name, const ParameterValue& value) {
  if (const auto* count = std::get_if<int64_t>(&value)) {
    if (*count >= 0) return *count;
    return InvalidParameter(name,
                            absl::StrCat("invalid value for '", name, "', expected value >= 0."));
  }
  if (const auto* count = std::get_if<uint64_t>(&value)) {
    if (*count <= std::numeric_limits<int64_t>::max()) return static_cast<int64_t>(*count);
    return InvalidParameter(name, absl::StrCat("invalid value for '", name,
                                               "', expected value <= 9223372036854775807."));
  }
  return InvalidParameter(name, absl::StrCat("invalid value type for '", name,
                                             "' parameter, expected int64_param or uint64_param."));
}

absl::Status ReadReserved(const std::string& name, const ParameterValue& value) {
  constexpr absl::string_view kEmptyFinal = "triton_enable_empty_final_response";
  if (name != kEmptyFinal) {
    return InvalidParameter(
        name, absl::StrCat("parameter keys starting with 'triton_' are reserved for Triton usage. "
                           "Only the following keys starting with 'triton_' are allowed: ",
                           kEmptyFinal));
  }
  if (std::holds_alternative<bool>(value)) return absl::OkStatus();
  return InvalidParameter(
      name, absl::StrCat("invalid value type for '", name, "' parameter, expected bool_param."));
}

absl::Status CheckCustom(const std::string& name, const ParameterValue& value) {
  if (!std::holds_alternative<std::monostate>(value) && !std::holds_alternative<uint64_t>(value)) {
    return absl::OkStatus();
  }
  return InvalidParameter(
      name, absl::StrCat("invalid value type for '", Quote(name),
                         "' parameter, expected int64_param, bool_param, string_param, or "
                         "double_param."));
}

}  // namespace

absl::Status ReadParameter(const std::string& name, const ParameterValue& value,
                           InferRequest& request) {
  if (name == "priority" || name == "timeout") {
    const absl::StatusOr<int64_t> count = ReadCount(name, value);
    if (!count.ok()) return count.status();
    if (name == "priority") {
      request.priority = *count;
    } else {
      request.timeout_us = std::min(*count, kMaxTimeoutUs);
    }
    return absl::OkStatus();
  }
  if (absl::StartsWith(name, "triton_")) return ReadReserved(name, value);
  if (name == "sequence_id" || name == "sequence_start" || name == "sequence_end") {
    if (!std::visit(AsksForSomething(), value)) return absl::OkStatus();
    return InvalidParameter(name, "stateful models are not supported");
  }
  return CheckCustom(name, value);
}

absl::Status RefuseSharedMemory(absl::string_view tensor, const ParameterValue& value) {
  if (!std::visit(AsksForSomething(), value)) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("Client shared memory is disabled: ", tensor,
                                               ".parameters[shared_memory_region]"));
}

absl::StatusOr<int64_t> ReadClasses(absl::string_view output, const ParameterValue& value) {
  const std::string field = absl::StrCat(output, ".parameters[classification]");
  const auto* classes = std::get_if<int64_t>(&value);
  if (classes == nullptr) {
    return InvalidField(field,
                        "invalid value type for 'classification' parameter, expected int64_param");
  }
  if (*classes <= 0) {
    return InvalidField(field, "invalid value for 'classification' parameter, expected >= 1");
  }
  return *classes;
}

absl::Status ReadCriticality(absl::string_view where, absl::string_view name,
                             InferRequest& request) {
  const std::optional<Criticality> parsed = ParseCriticality(name);
  if (!parsed) {
    return InvalidEntry(where, kCriticalityMetadata,
                        absl::StrCat("'", Quote(name),
                                     "' is none of critical-plus, critical, sheddable-plus and "
                                     "sheddable"));
  }
  request.criticality = *parsed;
  return absl::OkStatus();
}

}  // namespace tournant
