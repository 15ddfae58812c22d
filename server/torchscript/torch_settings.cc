#include "torchscript/torch_settings.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/version.h>

#include <mutex>

namespace tournant {

void ConfigureTorch() {
  static std::once_flag once;
  std::call_once(once, [] {
    at::set_num_interop_threads(1);
    torch::jit::getProfilingMode() = false;
    torch::jit::setTensorExprFuserEnabled(false);
  });
  UseIntraOpThreads(1);
}

void UseIntraOpThreads(int threads) {
  thread_local int used = 0;
  if (used == threads) return;
  // A thread's first operation that is split takes over what was set last, by whichever thread.
  if (used == 0) at::internal::lazy_init_num_threads();
  at::set_num_threads(threads);
  used = threads;
}

std::string TorchVersion() { return TORCH_VERSION; }

std::string LastExecutedGraph() {
  const auto graph = torch::jit::lastExecutedOptimizedGraph();
  return graph == nullptr ? "" : graph->toString(/*print_source_locations=*/false);
}

}  // namespace tournant
