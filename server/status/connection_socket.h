#pragma once

#include <string>

namespace tournant {

// The socket of this process that is connected to `peer`:`peer_port` from `own_port`, for libraries
// that keep theirs to themselves; -1 when there is none, and when there are several, by different
// addresses of this machine: which of them is meant is not known. It goes through all descriptors
// of the process: a fraction of a microsecond for each. Nobody may close the connection meanwhile,
// nor as long as the descriptor is used. Any thread.
int FindConnection(const std::string& peer, int peer_port, int own_port);

}  // namespace tournant
