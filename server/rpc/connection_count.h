#pragma once

#include <cstdint>
#include <istream>

namespace tournant {

// TCP connections to this port that are open now, from the kernel's tables of this network
// namespace: gRPC does not tell. In a container they are short; every line of them is read.
int64_t OpenConnections(int port);

// The same of one table, in the format of /proc/net/tcp.
int64_t CountConnections(std::istream& table, int port);

}  // namespace tournant
