#include "cpp/connection_flags.h"

#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cpp/channel.h"

ABSL_FLAG(std::string, server, "127.0.0.1:8001",
          "HOST:PORT of the server, or several ADDRESS:PORT with commas; also TOURNANT_SERVER");
ABSL_FLAG(absl::Duration, deadline, absl::Seconds(5), "how long one call may take");

namespace tournant::client {

std::vector<std::string> WithConnectionFlags(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"server", "deadline"});
  return flags;
}

absl::StatusOr<std::unique_ptr<InferenceClient>> ConnectedClient(const ToolContext& context) {
  const absl::Duration deadline = absl::GetFlag(FLAGS_deadline);
  if (deadline < absl::Milliseconds(1) || deadline > absl::Hours(24)) {
    return absl::InvalidArgumentError("--deadline: from 1ms to 24h");
  }
  auto channel = OpenChannel(absl::GetFlag(FLAGS_server));
  if (!channel.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--server: ", channel.status().message()));
  }
  return std::make_unique<InferenceClient>(*std::move(channel), context.clock,
                                           absl::ToChronoMilliseconds(deadline));
}

}  // namespace tournant::client
