#include "base/flags.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/status.h"

extern char** environ;

namespace tournant {
namespace {

std::string VariableName(absl::string_view flag) {
  return absl::StrCat(kVariablePrefix, absl::AsciiStrToUpper(flag));
}

bool Known(const std::vector<std::string>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <typename T>
std::string WholeNumber() {
  return absl::StrCat("a whole number from ", std::numeric_limits<T>::min(), " to ",
                      std::numeric_limits<T>::max(), " is wanted");
}

// What a flag takes. absl only says that a value is illegal.
std::string Wanted(const absl::CommandLineFlag& flag) {
  if (flag.IsOfType<absl::Duration>()) {
    return "a time with its unit is wanted, such as 5s, 500ms or 1h30m";
  }
  if (flag.IsOfType<bool>()) return "true or false is wanted";
  if (flag.IsOfType<int32_t>()) return WholeNumber<int32_t>();
  if (flag.IsOfType<int64_t>()) return WholeNumber<int64_t>();
  if (flag.IsOfType<double>()) return "a number is wanted";
  return "it cannot be read";
}

absl::Status Set(absl::string_view name, absl::string_view value, absl::string_view origin) {
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  if (flag == nullptr) return absl::InternalError(absl::StrCat("flag --", name, " is not linked"));
  std::string error;
  if (flag->ParseFrom(value, &error)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(origin, ": bad value '", Quote(MaskSecrets(value)), "': ", Wanted(*flag)));
}

absl::Status SetFromEnvironment(const std::vector<std::string>& names,
                                const std::vector<std::string>& environment, CommandLine& found) {
  for (const std::string& entry : environment) {
    if (!absl::StartsWith(entry, kVariablePrefix)) continue;
    const size_t equals = entry.find('=');
    const std::string variable = entry.substr(0, equals);
    const std::string name = absl::AsciiStrToLower(variable.substr(kVariablePrefix.size()));
    if (!Known(names, name) || variable != VariableName(name)) {
      found.warnings.push_back(absl::StrCat("unknown environment variable ", Quote(variable)));
      continue;
    }
    const absl::Status set =
        Set(name, equals == std::string::npos ? "" : entry.substr(equals + 1), variable);
    if (!set.ok()) return set;
    found.origins[name] = "environment";
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommandLine> ReadFlags(const std::vector<std::string>& names,
                                      const std::vector<std::string>& arguments,
                                      const std::vector<std::string>& environment) {
  CommandLine found;
  if (absl::Status set = SetFromEnvironment(names, environment, found); !set.ok()) return set;

  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      found.help = true;
      continue;
    }
    if (!absl::ConsumePrefix(&argument, "--") || argument.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("stray argument '", Quote(MaskSecrets(arguments[i])), "'"));
    }
    const size_t equals = argument.find('=');
    std::string name(argument.substr(0, equals));
    std::replace(name.begin(), name.end(), '-', '_');
    std::string value;
    const bool negated = absl::StartsWith(name, "no") && !Known(names, name) &&
                         Known(names, absl::string_view(name).substr(2));
    if (negated && equals == absl::string_view::npos) {
      name = name.substr(2);
      value = "false";
    } else if (!Known(names, name)) {
      return absl::InvalidArgumentError(absl::StrCat("unknown flag --", Quote(name)));
    } else if (equals != absl::string_view::npos) {
      value = std::string(argument.substr(equals + 1));
    } else if (absl::FindCommandLineFlag(name)->IsOfType<bool>()) {
      value = "true";
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value"));
    }
    if (absl::Status set = Set(name, value, absl::StrCat("--", name)); !set.ok()) return set;
    found.origins[name] = "flag";
  }
  return found;
}

std::vector<std::string> Arguments(int argc, char** argv) {
  return std::vector<std::string>(argv + std::min(argc, 1), argv + argc);
}

std::vector<std::string> Environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    entries.emplace_back(*entry);
  }
  return entries;
}

std::string FlagHelp(absl::string_view program, absl::string_view purpose,
                     const std::vector<std::string>& names) {
  std::string text = absl::StrCat(program, ": ", purpose,
                                  "\n\nEach flag can also be given as the environment variable ",
                                  kVariablePrefix, "<FLAG IN CAPITALS>.\n\n");
  for (const std::string& name : names) {
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr) continue;
    absl::StrAppend(&text, "  --", name, "=", flag->DefaultValue(), "\n      ", flag->Help(), "\n");
  }
  return text;
}

absl::Status CheckListenAddress(absl::string_view flag, absl::string_view address) {
  const size_t colon = address.rfind(':');
  const absl::string_view host = address.substr(0, colon);
  int port = -1;
  const bool bracketed = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  if (colon == absl::string_view::npos || host.empty() ||
      (!bracketed && absl::StrContains(host, ':')) ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, ": '", Quote(address),
                                                   "' is not HOST:PORT with a port up to 65535"));
  }
  return absl::OkStatus();
}

std::string MaskSecrets(absl::string_view value) {
  const size_t scheme = value.find("://");
  if (scheme == absl::string_view::npos) return std::string(value);
  const size_t start = scheme + 3;
  // In the address of a Redis a password may hold a '/' or '?' by mistake: too much is hidden
  // rather than too little.
  const bool redis = absl::StartsWith(value, "redis");
  const size_t end = redis ? absl::string_view::npos : value.find('/', start);
  const size_t at = value.substr(0, end).rfind('@');
  if (at == absl::string_view::npos || at < start) return std::string(value);
  const size_t colon = value.substr(0, at).find(':', start);
  if (colon == absl::string_view::npos) return std::string(value);
  return absl::StrCat(value.substr(0, colon + 1), "***", value.substr(at));
}

}  // namespace tournant
