#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/child_environment.h"
#include "cpp/subcommand.h"

ABSL_FLAG(std::string, model_name, "",
          "name of the model, where DIR holds its files or versions itself (KServe's layouts)");
ABSL_FLAG(std::string, feature_registry, "",
          "Feast's registry.db, to check what features.pbtxt refers to; without it references to "
          "features are taken as they are");

namespace tournant::client {
namespace {

// The server checks it, with the code that loads it; this process becomes the server's, whose
// output and exit status say what is wrong.
int RunValidate(ToolContext& context) {
  const std::string server = absl::StrCat(context.binary_directory, "/tournant-server");
  std::string check = absl::StrCat("--check_model=", context.positional.front());
  std::string name = "tournant-server";
  // Empty stands for none, to the server as well.
  std::string model_name = absl::StrCat("--model_name=", absl::GetFlag(FLAGS_model_name));
  std::string registry = absl::StrCat("--feature_registry=", absl::GetFlag(FLAGS_feature_registry));
  char* const arguments[] = {name.data(), check.data(), model_name.data(), registry.data(),
                             nullptr};
  // The settings of a server that is run from here are not those of the check.
  const std::vector<char*> environment = ChildEnvironment();
  context.out.flush();
  context.err.flush();
  execve(server.c_str(), arguments, environment.data());
  const int error = errno;
  return Failure(context, absl::NotFoundError(
                              absl::StrCat("cannot run ", server, ": ", std::strerror(error))));
}

}  // namespace

Subcommand ValidateCommand() {
  return {.name = "validate",
          .synopsis = "DIR",
          .purpose = "checks a model's folder and prints everything that is wrong with it",
          .flags = {"model_name", "feature_registry"},
          .min_positional = 1,
          .max_positional = 1,
          .run = RunValidate};
}

}  // namespace tournant::client
