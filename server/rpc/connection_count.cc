#include "rpc/connection_count.h"

#include <fstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace tournant {
namespace {

// The next word of `line`, which is taken off it.
absl::string_view NextWord(absl::string_view& line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  const absl::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

int64_t CountConnections(std::istream& table, int port) {
  constexpr absl::string_view kEstablished = "01";
  const std::string wanted = absl::StrFormat(":%04X", port);
  int64_t count = 0;
  for (std::string text; std::getline(table, text);) {
    // "  0: 0100007F:1F41 0100007F:C350 01 ..."
    absl::string_view line = text;
    (void)NextWord(line);
    const absl::string_view local = NextWord(line);
    (void)NextWord(line);
    if (NextWord(line) != kEstablished || local.size() < wanted.size()) continue;
    if (local.substr(local.size() - wanted.size()) == wanted) ++count;
  }
  return count;
}

int64_t OpenConnections(int port) {
  int64_t count = 0;
  for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::ifstream table(path);
    count += CountConnections(table, port);
  }
  return count;
}

}  // namespace tournant
