#pragma once

#include <string>

namespace tournant {

// Settings that LibTorch keeps for the whole process. Call it in main before any thread runs a
// model.
//
// Profiling and fusion are off: a model is then as fast at its third call as at its thousandth, and
// on the CPU neither gains anything. LibTorch's executor mode stays as it is: that without it is no
// faster, and keeps a plan for each combination of types and ranks that callers send. Many small
// models on few cores want one thread per operation; the parallelism is in the workers.
void ConfigureTorch();

// How many threads share an operation that the calling thread executes from now on. LibTorch and
// the math libraries under it keep that number for each thread that calls them, the latter with all
// cores at first. A few instructions when it is what it was.
void UseIntraOpThreads(int threads);

// "2.13.0"
std::string TorchVersion();

// The graph that the calling thread has run last, as text. Tests see in it how a model is run.
std::string LastExecutedGraph();

}  // namespace tournant
