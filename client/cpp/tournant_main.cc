// The command line tool `tournant`.

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <system_error>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/flags.h"
#include "cpp/tool.h"

int main(int argc, char** argv) {
  // Debian builds abseil with deadlock detection on, which costs 6 % of the instructions of a call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::ios::sync_with_stdio(false);
  std::error_code error;
  const tournant::SystemClock clock;
  tournant::client::ToolContext context{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .err_is_terminal = isatty(STDERR_FILENO) == 1,
      .clock = clock,
      .binary_directory = std::filesystem::read_symlink("/proc/self/exe", error).parent_path(),
      .positional = {},
      .command = {}};
  return tournant::client::RunTool(tournant::Arguments(argc, argv), tournant::Environment(),
                                   context);
}
