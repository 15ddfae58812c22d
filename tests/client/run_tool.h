#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cpp/tool.h"

namespace tournant::client {

// What the tool left behind.
struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

// `tournant` with these arguments in this process, on strings; beside it lies no other binary.
inline Outcome RunWith(const std::vector<std::string>& arguments, const std::string& input = "",
                       const std::vector<std::string>& environment = {}) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const SystemClock clock;
  ToolContext context{.in = in,
                      .out = out,
                      .err = err,
                      .err_is_terminal = false,
                      .clock = clock,
                      .binary_directory = "/nonexistent",
                      .positional = {},
                      .command = {}};
  const int status = RunTool(arguments, environment, context);
  return {status, out.str(), err.str()};
}

}  // namespace tournant::client
