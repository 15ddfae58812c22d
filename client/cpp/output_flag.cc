#include "cpp/output_flag.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

ABSL_FLAG(std::string, output, "text", "text for a person, or json for a program");

namespace tournant::client {

absl::StatusOr<bool> OutputIsJson() {
  const std::string output = absl::GetFlag(FLAGS_output);
  if (output == "json") return true;
  if (output == "text") return false;
  return absl::InvalidArgumentError(
      absl::StrCat("--output: '", Quote(output), "' is neither text nor json"));
}

}  // namespace tournant::client
