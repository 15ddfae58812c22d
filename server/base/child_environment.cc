#include "base/child_environment.h"

#include <unistd.h>

#include "absl/strings/match.h"
#include "base/flags.h"

namespace tournant {

std::vector<char*> ChildEnvironment() {
  std::vector<char*> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, kVariablePrefix)) environment.push_back(*entry);
  }
  environment.push_back(nullptr);
  return environment;
}

}  // namespace tournant
