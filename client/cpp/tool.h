#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tournant::client {

// What a subcommand of `tournant` gets from its process.
struct ToolContext {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;
  const Clock& clock;
  std::string binary_directory;  // Where the other binaries are.
  std::vector<std::string> positional;
  std::string command;  // "score"
};

// Exit status of the tool.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // An RPC or a row failed.
inline constexpr int kExitUsage = 2;   // Wrong arguments, named on stderr.

// Runs what `arguments` (without the program's name) ask for and returns the exit status.
// `environment` as "NAME=value"; TOURNANT_SERVER and TOURNANT_DEADLINE are read from it. Each run
// begins with all flags at their defaults.
int RunTool(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            ToolContext& context);

}  // namespace tournant::client
