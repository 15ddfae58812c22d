#include "cpp/tool.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/flags.h"
#include "base/status.h"
#include "cpp/rpc_error.h"
#include "cpp/subcommand.h"

namespace tournant::client {
namespace {

constexpr size_t kUsageWidth = 100;

std::vector<Subcommand> Subcommands() {
  return {InferCommand(),    ScoreCommand(),       ModelsCommand(),
          LoadTestCommand(), PredictionsCommand(), ValidateCommand()};
}

std::string GeneralHelp() {
  std::string text =
      "tournant: calls a model server, and reads what it wrote\n\n"
      "usage: tournant COMMAND [ARGUMENT...] [--FLAG=VALUE...]\n\n";
  for (const Subcommand& command : Subcommands()) {
    absl::StrAppendFormat(&text, "  %-12s %s\n", command.name, command.purpose);
  }
  absl::StrAppend(&text,
                  "\n`tournant COMMAND --help` says more. Exit status: 0, 1 when a call or "
                  "a row failed, 2 for wrong arguments.\n");
  return text;
}

// "tournant validate DIR [--model_name=VALUE] ...", in lines of at most kUsageWidth where possible.
std::string Usage(const Subcommand& command) {
  std::string text;
  std::string line = absl::StrCat("usage: tournant ", command.name, " ", command.synopsis);
  for (const std::string& name : command.flags) {
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    // What the synopsis has said is not said again.
    if (flag == nullptr || absl::StrContains(command.synopsis, absl::StrCat("--", name))) continue;
    const std::string one = flag->IsOfType<bool>() ? absl::StrCat(" [--[no]", name, "]")
                                                   : absl::StrCat(" [--", name, "=VALUE]");
    if (line.size() + one.size() > kUsageWidth) {
      absl::StrAppend(&text, line, "\n");
      line = "      ";
    }
    line += one;
  }
  return absl::StrCat(text, line, "\n");
}

std::string DefaultOf(const Subcommand& command, const absl::CommandLineFlag& flag) {
  const auto own = command.defaults.find(std::string(flag.Name()));
  return own != command.defaults.end() ? own->second : flag.DefaultValue();
}

std::string CommandHelp(const Subcommand& command) {
  std::string text = absl::StrCat(Usage(command), "\n", command.purpose, "\n\n");
  for (const std::string& name : command.flags) {
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr) continue;
    absl::StrAppend(&text, "  --", name, "=", DefaultOf(command, *flag), "\n      ", flag->Help(),
                    "\n");
  }
  return text;
}

// Parts flags, with the values that follow them, from the other arguments.
void Split(const std::vector<std::string>& arguments, const std::vector<std::string>& known,
           std::vector<std::string>& flags, std::vector<std::string>& positional) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      positional.insert(positional.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                        arguments.end());
      return;
    }
    if (!absl::StartsWith(argument, "--") && argument != "-h") {
      positional.push_back(argument);
      continue;
    }
    flags.push_back(argument);
    std::string name = argument.substr(std::min<size_t>(2, argument.size()));
    std::replace(name.begin(), name.end(), '-', '_');
    const bool takes_value = std::find(known.begin(), known.end(), name) != known.end() &&
                             !absl::FindCommandLineFlag(name)->IsOfType<bool>();
    if (takes_value && i + 1 < arguments.size()) flags.push_back(arguments[++i]);
  }
}

// Only these of the many TOURNANT_* variables that servers and platforms set.
std::vector<std::string> Relevant(const std::vector<std::string>& environment) {
  std::vector<std::string> relevant;
  std::copy_if(environment.begin(), environment.end(), std::back_inserter(relevant),
               [](const std::string& entry) {
                 return absl::StartsWith(entry, "TOURNANT_SERVER=") ||
                        absl::StartsWith(entry, "TOURNANT_DEADLINE=");
               });
  return relevant;
}

// A second run in the same process begins as the first one did. Not absl::FlagSaver, which logs
// each flag that it restores on stderr.
void ResetFlags(const Subcommand& command) {
  for (const std::string& name : command.flags) {
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    std::string error;
    if (flag != nullptr) flag->ParseFrom(DefaultOf(command, *flag), &error);
  }
}

}  // namespace

int UsageError(ToolContext& context, const absl::Status& status) {
  context.err << "tournant " << context.command << ": " << status.message() << "\n";
  return kExitUsage;
}

int Failure(ToolContext& context, const absl::Status& status) {
  context.err << "tournant " << context.command << ": " << ErrorText(status) << "\n";
  return kExitFailed;
}

int RunTool(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            ToolContext& context) {
  const std::string name = arguments.empty() ? "" : arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    context.out << GeneralHelp();
    return kExitOk;
  }
  const std::vector<Subcommand> commands = Subcommands();
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const Subcommand& known) { return known.name == name; });
  if (command == commands.end()) {
    context.err << (name.empty() ? "tournant: no command given\n"
                                 : absl::StrCat("tournant: unknown command '", Quote(name), "'\n"))
                << "\n"
                << GeneralHelp();
    return kExitUsage;
  }
  context.command = name;
  ResetFlags(*command);
  std::vector<std::string> flags;
  context.positional.clear();
  Split(arguments, command->flags, flags, context.positional);
  const absl::StatusOr<CommandLine> read = ReadFlags(command->flags, flags, Relevant(environment));
  if (!read.ok()) return UsageError(context, read.status());
  if (read->help) {
    context.out << CommandHelp(*command);
    return kExitOk;
  }
  const size_t given = context.positional.size();
  if (given < command->min_positional || given > command->max_positional) {
    const std::string problem =
        given < command->min_positional
            ? std::string("an argument is missing")
            : absl::StrCat("stray argument '", Quote(context.positional.back()), "'");
    UsageError(context, absl::InvalidArgumentError(problem));
    context.err << Usage(*command);
    return kExitUsage;
  }
  return command->run(context);
}

}  // namespace tournant::client
