#include "torchscript/inlined_calls.h"

#include <torch/csrc/jit/api/method.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/ir/scope.h>

namespace tournant {
namespace {

void Forget(at::ArrayRef<torch::jit::Block*> blocks, torch::jit::Function& owner) {
  for (torch::jit::Block* block : blocks) {
    for (torch::jit::Node* node : block->nodes()) {
      if (node->callstack()) {
        node->setCallStack(
            c10::make_intrusive<torch::jit::InlinedCallStack>(&owner, node->sourceRange()));
      }
      Forget(node->blocks(), owner);
      // What runs apart, such as the body of a fork.
      for (const c10::Symbol name : node->attributeNames()) {
        if (node->kindOf(name) == torch::jit::AttributeKind::g) {
          torch::jit::Block* top = node->g(name)->block();
          Forget(top, owner);
        }
      }
    }
  }
}

}  // namespace

void ForgetInlinedCalls(const torch::jit::Method& method) {
  torch::jit::Block* top = method.graph()->block();
  Forget(top, method.function());
}

}  // namespace tournant
