#include "cpp/connection_flags.h"

#include <utility>

#include "absl/flags/flag.h"
#include "base/status.h"
#include "cpp/channel.h"

ABSL_FLAG(std::string, server, "127.0.0.1:8001",
          "HOST:PORT of the server, or several ADDRESS:PORT with commas; also TOURNANT_SERVER");
ABSL_FLAG(absl::Duration, deadline, absl::Seconds(5), "how long one call may take");

namespace tournant::client {

std::vector<std::string> WithConnectionFlags(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"server", "deadline"});
  return flags;
}

absl::Status CheckDeadline(absl::Duration deadline) {
  if (deadline >= absl::Milliseconds(1) && deadline <= absl::Hours(24)) return absl::OkStatus();
  return absl::InvalidArgumentError("from 1ms to 24h");
}

std::string ServerFlag() { return absl::GetFlag(FLAGS_server); }

absl::StatusOr<std::chrono::milliseconds> DeadlineFlag() {
  const absl::Duration deadline = absl::GetFlag(FLAGS_deadline);
  absl::Status checked = CheckDeadline(deadline);
  if (!checked.ok()) return Annotate(checked, "--deadline");
  return absl::ToChronoMilliseconds(deadline);
}

absl::StatusOr<std::unique_ptr<InferenceClient>> ConnectedClient(const ToolContext& context) {
  const auto deadline = DeadlineFlag();
  if (!deadline.ok()) return deadline.status();
  auto channel = OpenChannel(ServerFlag());
  if (!channel.ok()) return Annotate(channel.status(), "--server");
  return std::make_unique<InferenceClient>(*std::move(channel), context.clock, *deadline);
}

}  // namespace tournant::client
