#include "base/triton_code.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

constexpr absl::string_view kUrl = "tournant/triton_code";

}  // namespace

absl::Status WithTritonCode(absl::Status status, absl::StatusCode code) {
  // By way of a view, as in status.cc.
  const std::string number = absl::StrCat(static_cast<int>(code));
  status.SetPayload(kUrl, absl::Cord(absl::string_view(number)));
  return status;
}

std::optional<absl::StatusCode> TritonCodeOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kUrl);
  int code = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &code)) return std::nullopt;
  return static_cast<absl::StatusCode>(code);
}

}  // namespace tournant
