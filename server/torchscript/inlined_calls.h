#pragma once

namespace torch::jit {
struct Method;
}  // namespace torch::jit

namespace tournant {

// Names the method itself in place of the functions that freezing has inlined into it. Each node
// keeps plain pointers to these, only to name them when something throws; but freezing also removes
// the methods that nothing calls any more, so that LibTorch would read freed memory to say what
// went wrong, whichever executor runs the graph. Call it before the method's first run, which
// copies the graph.
void ForgetInlinedCalls(const torch::jit::Method& method);

}  // namespace tournant
