#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant {

// What the names of all variables of ours begin with.
inline constexpr absl::string_view kVariablePrefix = "TOURNANT_";

// What reading the command line found besides the values, which land in the absl flags.
struct CommandLine {
  bool help = false;                  // --help was given: print FlagHelp and end with 0.
  std::vector<std::string> warnings;  // An unknown TOURNANT_* variable; one line each.
  // Where the values of flags come from, "environment" or "flag"; the others have their defaults.
  std::map<std::string, std::string> origins;
};

// Sets the absl flags called `names`: first from TOURNANT_<NAME IN CAPITALS> in `environment`
// ("NAME=value" entries), then from `arguments` (without the program's name; --name=value,
// --name value, --name or --noname for booleans). An unknown flag, a bad value or a stray argument
// is INVALID_ARGUMENT and named. absl's own parser is not used: it exits with 1 and takes stray
// arguments silently.
absl::StatusOr<CommandLine> ReadFlags(const std::vector<std::string>& names,
                                      const std::vector<std::string>& arguments,
                                      const std::vector<std::string>& environment);

// `argv` without the program's name, and the process environment, in the form ReadFlags takes.
std::vector<std::string> Arguments(int argc, char** argv);
std::vector<std::string> Environment();

// The text of --help: each flag with its meaning and default.
std::string FlagHelp(absl::string_view program, absl::string_view purpose,
                     const std::vector<std::string>& names);

// INVALID_ARGUMENT, naming the flag, unless `address` is HOST:PORT or [IPV6]:PORT with a port from
// 0 to 65535.
absl::Status CheckListenAddress(absl::string_view flag, absl::string_view address);

// `value` with the password of a URL ("redis://user:secret@host") replaced by "***".
std::string MaskSecrets(absl::string_view value);

}  // namespace tournant
