#pragma once

#include "absl/strings/string_view.h"

namespace tournant {

// Opens a TCP connection to the listener and closes it at once, without sending anything, so that a
// thread which waits there for connections looks around. Does nothing when it cannot. `host` is a
// name or an address, with or without brackets.
void NudgeListener(absl::string_view host, int port);

}  // namespace tournant
