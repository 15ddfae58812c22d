#include "rpc/log_settings.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

using Value = inference::LogSettingsRequest::SettingValue;

// The switches of Triton, by name.
std::optional<LogLevel> LevelOf(absl::string_view name) {
  if (name == "log_info") return LogLevel::kInfo;
  if (name == "log_warning") return LogLevel::kWarning;
  if (name == "log_error") return LogLevel::kError;
  return std::nullopt;
}

absl::Status Invalid(absl::string_view name, absl::string_view message) {
  return InvalidEntry("settings", name, message);
}

absl::Status Check(const std::string& name, const Value& value) {
  if (LevelOf(name)) {
    if (value.parameter_choice_case() == Value::kBoolParam) return absl::OkStatus();
    return Invalid(name, absl::StrCat("expect boolean for '", name, "'"));
  }
  if (name == "log_verbose_level") {
    if (value.parameter_choice_case() == Value::kUint32Param) return absl::OkStatus();
    return Invalid(name, "expect uint32 for 'log_verbose_level'");
  }
  if (name == "log_format") {
    if (value.parameter_choice_case() != Value::kStringParam) {
      return Invalid(name, "expect string for 'log_format'");
    }
    const std::string& format = value.string_param();
    if (format == "default" || format == "ISO8601") return absl::OkStatus();
    return Invalid(name, absl::StrCat("invalid argument for log_format, got: ", Quote(format)));
  }
  if (name == "log_file") {
    return absl::UnimplementedError(
        "log file location can not be updated through network protocol");
  }
  return Invalid(name, absl::StrCat("unknown log setting '", Quote(name), "'"));
}

}  // namespace

LogSettings::LogSettings() : verbose_level_(LogEnabled(LogLevel::kDebug) ? 1 : 0) {}

absl::Status LogSettings::Update(const inference::LogSettingsRequest& request,
                                 inference::LogSettingsResponse& answer) {
  for (const auto& [name, value] : request.settings()) {
    absl::Status status = Check(name, value);
    if (!status.ok()) return status;
  }
  MutexLock lock(mutex_);
  for (const auto& [name, value] : request.settings()) {
    if (const auto level = LevelOf(name)) {
      EnableLog(*level, value.bool_param());
    } else if (name == "log_verbose_level") {
      verbose_level_ = value.uint32_param();
      EnableLog(LogLevel::kDebug, verbose_level_ > 0);
    } else {
      format_ = value.string_param();
    }
  }
  auto& settings = *answer.mutable_settings();
  settings["log_file"].set_string_param("");  // Standard error.
  for (const char* name : {"log_info", "log_warning", "log_error"}) {
    settings[name].set_bool_param(LogEnabled(*LevelOf(name)));
  }
  settings["log_verbose_level"].set_uint32_param(verbose_level_);
  settings["log_format"].set_string_param(format_);
  return absl::OkStatus();
}

}  // namespace tournant
