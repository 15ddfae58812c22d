#pragma once

namespace tournant {

// Turns gRPC's own log lines into ours, one JSON line each, instead of text on stderr. First thing
// in main, before gRPC is used.
void LogGrpcAsOurs();

}  // namespace tournant
